/*
 * Load generator for the HTTP API on its Unix socket.
 *
 * One thread, one epoll. First it opens one session for each connection, as the typed client does:
 * a stream whose first line names the session. Then each connection, kept alive, acquires and
 * releases the lock of an LV of its own through its session, one request at a time. Every answer is
 * checked; the first wrong one ends the run with status 1. Prints one line of JSON as load.c does.
 *
 * usage: http_load SOCKET CONNECTIONS SECONDS WARMUP_SECONDS VG
 */
#define PROGRAM "http_load"
#include "client.h"

#define TEXT_MAX 4096

struct connection {
	int fd;
	int session;            /* descriptor of the session's stream */
	int releasing;          /* the request in flight gives the lock back */
	uint64_t sent_ns;
	size_t filled;
	char request[2][TEXT_MAX];
	char reply[TEXT_MAX];
};

static void send_text(int fd, const char *text)
{
	size_t length = strlen(text);
	if (send(fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
		fail("send: %s", strerror(errno));
}

/* The text of a POST request with this body. */
static void post(char *out, const char *path, const char *body)
{
	int length = snprintf(out, TEXT_MAX,
		"POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\naccept-language: *\r\n"
		"user-agent: http_load\r\ncontent-type: application/json\r\n"
		"content-length: %zu\r\n\r\n%s", path, strlen(body), body);
	if (length >= TEXT_MAX)
		fail("request too long");
}

/* Opens a session; its id, 32 characters, goes into `id`. The stream stays open. */
static int open_session(const char *path, char *id)
{
	char text[TEXT_MAX], body[128];
	int fd = connect_to(path);
	size_t filled = 0;
	sprintf(body, "{\"command\":\"http_load\",\"pid\":%d}", getpid());
	post(text, "/v1/sessions", body);
	send_text(fd, text);
	for (;;) {
		ssize_t got = read(fd, text + filled, TEXT_MAX - 1 - filled);
		if (got <= 0)
			fail("no session: %s", got ? strerror(errno) : "the stream ended");
		filled += (size_t)got;
		text[filled] = 0;
		char *at = strstr(text, "\"id\":\"");
		if (at && strlen(at) >= 6 + 32) {
			memcpy(id, at + 6, 32);
			id[32] = 0;
			return fd;
		}
		if (filled == TEXT_MAX - 1)
			fail("no session id:\n%s", text);
	}
}

static void open_connection(struct connection *c, const char *path, const char *vg, int number)
{
	char id[33], target[512], body[640];
	c->session = open_session(path, id);
	c->fd = connect_to(path);
	snprintf(target, sizeof target, "\"type\":\"lv\",\"vg\":\"%s\","
		"\"lvUuid\":\"benchA-0000-0000-0000-0000-0000-%06d\",\"lockArgs\":\"dlm\","
		"\"session\":\"%s\"", vg, number, id);
	snprintf(body, sizeof body, "{%s,\"mode\":\"ex\"}", target);
	post(c->request[0], "/v1/locks", body);
	snprintf(body, sizeof body, "{%s}", target);
	post(c->request[1], "/v1/locks/release", body);
}

static void send_request(struct connection *c)
{
	issued++;
	c->filled = 0;
	c->sent_ns = now_ns();
	send_text(c->fd, c->request[c->releasing]);
}

/* Is the answer complete? */
static int complete(const struct connection *c)
{
	const char *body = strstr(c->reply, "\r\n\r\n");
	if (!body)
		return 0;
	body += 4;
	const char *length = strcasestr(c->reply, "content-length:");
	if (length && length < body)
		return c->filled - (size_t)(body - c->reply) >= strtoul(length + 15, NULL, 10);
	return c->filled >= 5 && !memcmp(c->reply + c->filled - 5, "0\r\n\r\n", 5);
}

/* Takes what has arrived; true when the answer is complete. */
static int receive(struct connection *c)
{
	ssize_t got = recv(c->fd, c->reply + c->filled, TEXT_MAX - 1 - c->filled, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		fail("the daemon closed the connection%s%s", got ? ": " : "", got ? strerror(errno) : "");
	c->filled += (size_t)got;
	c->reply[c->filled] = 0;
	if (!complete(c))
		return 0;
	const char *mode = c->releasing ? "\"mode\":\"un\"" : "\"mode\":\"ex\"";
	if (strncmp(c->reply, "HTTP/1.1 200", 12) || !strstr(c->reply, mode))
		fail("unexpected answer:\n%s", c->reply);
	return 1;
}

static double run(struct connection *all, int connections)
{
	struct epoll_event events[128];
	int ep = epoll_create1(EPOLL_CLOEXEC), open = connections;
	for (int i = 0; i < connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &all[i] };
		if (epoll_ctl(ep, EPOLL_CTL_ADD, all[i].fd, &event) < 0)
			fail("epoll_ctl: %s", strerror(errno));
		send_request(&all[i]);
	}
	while (open) {
		int ready = epoll_wait(ep, events, 128, -1);
		for (int i = 0; i < ready; i++) {
			struct connection *c = events[i].data.ptr;
			if (!receive(c))
				continue;
			uint64_t now = now_ns();
			note(c->sent_ns, now);
			c->releasing = !c->releasing;
			if (c->releasing || now < stop_ns)
				send_request(c);
			else
				open--;
		}
	}
	return (double)(now_ns() - measure_from_ns) / 1e9;
}

int main(int argc, char **argv)
{
	int connections = argc == 6 ? atoi(argv[2]) : 0;
	if (connections < 1)
		fail("usage: http_load SOCKET CONNECTIONS SECONDS WARMUP_SECONDS VG");
	struct connection *all = calloc((size_t)connections, sizeof *all);
	if (!all)
		fail("out of memory");
	for (int i = 0; i < connections; i++)
		open_connection(&all[i], argv[1], argv[5], i);
	measure_from_ns = now_ns() + (uint64_t)(atof(argv[4]) * 1e9);
	stop_ns = measure_from_ns + (uint64_t)(atof(argv[3]) * 1e9);
	report("http", connections, run(all, connections));
	return 0;
}
