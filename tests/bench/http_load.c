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
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

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

static uint32_t *samples;       /* nanoseconds, of answered requests after the warm-up */
static size_t sample_count = 0, sample_room = 0;
static uint64_t issued = 0, measure_from_ns, stop_ns;

static void fail(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("http_load: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		fail("socket path too long: %s", path);
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

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

static void note(uint64_t sent, uint64_t now)
{
	if (sent < measure_from_ns)
		return;
	if (sample_count == sample_room) {
		sample_room = sample_room ? sample_room * 2 : 1 << 20;
		samples = realloc(samples, sample_room * sizeof *samples);
		if (!samples)
			fail("out of memory");
	}
	uint64_t took = now - sent;
	samples[sample_count++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static double quantile_us(double q)
{
	size_t i = (size_t)(q * (double)sample_count);
	return samples[i < sample_count ? i : sample_count - 1] / 1000.0;
}

static void report(int connections, double took)
{
	struct rusage used;
	if (!sample_count)
		fail("nothing was measured");
	qsort(samples, sample_count, sizeof *samples, by_value);
	getrusage(RUSAGE_SELF, &used);
	double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	printf("{\"work\":\"http\",\"connections\":%d,\"total\":%llu,\"requests\":%zu,\"seconds\":%.3f,"
		"\"requestsPerSecond\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f,"
		"\"loadCpuSeconds\":%.3f}\n",
		connections, (unsigned long long)issued, sample_count, took, (double)sample_count / took,
		quantile_us(0.5), quantile_us(0.9), quantile_us(0.99), quantile_us(1), cpu);
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
	report(connections, run(all, connections));
	return 0;
}
