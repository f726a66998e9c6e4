/*
 * The floor: a server on the native socket that answers every request with the same text and does
 * nothing else. One thread, one epoll, so it shows what the kernel, the framing and the load
 * generator alone allow on this machine.
 *
 * usage: floor SOCKET
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define END "\n##\n"
#define MAX_FD 4096

static const char answer[] = "response = \"OK\"\nop = 7\nlock_type = \"dlm\"\nop_result = 0\n"
	"lm_result = 0\nresult_flags = \"none\"\n" END;

/* What has arrived of each connection's request. */
static struct { size_t filled; char text[2048]; } inputs[MAX_FD];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void watch(int ep, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("epoll_ctl");
}

static void serve(int fd)
{
	char *text = inputs[fd].text;
	size_t *filled = &inputs[fd].filled;
	ssize_t got = read(fd, text + *filled, sizeof inputs[fd].text - *filled);
	if (got <= 0) {
		close(fd);
		return;
	}
	*filled += (size_t)got;
	if (*filled < 4 || memcmp(text + *filled - 4, END, 4))
		return;
	*filled = 0;
	if (send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct epoll_event events[128];
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path) {
		fputs("usage: floor SOCKET\n", stderr);
		return 1;
	}
	strcpy(address.sun_path, argv[1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 128) < 0)
		fail(argv[1]);
	int ep = epoll_create1(EPOLL_CLOEXEC);
	watch(ep, listener);
	for (;;) {
		int ready = epoll_wait(ep, events, 128, -1);
		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd;
			if (fd != listener) {
				serve(fd);
			} else if ((fd = accept(listener, NULL, NULL)) >= 0) {
				if (fd >= MAX_FD)
					fail("too many connections");
				inputs[fd].filled = 0;
				watch(ep, fd);
			}
		}
	}
}
