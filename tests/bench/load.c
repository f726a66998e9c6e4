/*
 * Load generator for a lock daemon's native socket.
 *
 * One thread, one epoll. Each connection says hello, then keeps exactly one request in flight, as
 * the lvm commands do. Every reply is checked; the first wrong one ends the run with status 1.
 * Prints one line of JSON: `total` requests sent, and of those sent after the warm-up: number,
 * requests a second and latency quantiles in microseconds.
 *
 * usage: load SOCKET WORK CONNECTIONS [seconds=S] [requests=N] [from=N] [warmup=S] [vg=NAME]
 *        [args=TEXT] [split=1]
 *   from: number of the first LV of hold
 *   split: body and terminator in two writes, as the lvm commands do
 *   WORK  lv         lock_lv ex, then un, of an LV of the connection's own (transient)
 *         persistent the same with opts "persistent"
 *         vg         lock_vg sh, then un, of one VG for all connections
 *         hello      the handshake again and again
 *         hold       N persistent LV locks on N different LVs; they stay after the run
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

#define END "\n##\n"
#define TEXT_MAX 1024

enum work { LV, PERSISTENT, VG, HELLO, HOLD };
static const char *const work_names[] = { "lv", "persistent", "vg", "hello", "hold" };

struct connection {
	int fd;
	int unlocking;          /* the request in flight gives the lock back */
	uint64_t sent_ns;
	size_t filled;
	size_t length[2];       /* of the lock and the unlock request */
	char request[2][TEXT_MAX];
	char reply[TEXT_MAX];
};

static enum work work;
static const char *vg = "benchvg", *vg_args = "1.0.0:test";
static double seconds = 0, warmup = 0;
static int split = 0;
static uint64_t wanted = 0, issued = 0, first_lv = 0;
static uint32_t *samples;       /* nanoseconds, of answered requests after the warm-up */
static size_t sample_count = 0, sample_room = 0;
static uint64_t measure_from_ns, stop_ns;

static void fail(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("load: ", stderr);
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

/* An LV UUID (groups of 6-4-4-4-4-4-6) that carries the work's letter and a number. */
static void lv_uuid(char *out, char letter, uint64_t n)
{
	sprintf(out, "bench%c-0000-0000-0000-%04u-%04u-%06u", letter,
		(unsigned)(n / 10000000000u % 10000), (unsigned)(n / 1000000 % 10000),
		(unsigned)(n % 1000000));
}

static size_t lv_request(char *out, const char *mode, int persistent, char letter, uint64_t n)
{
	char uuid[64];
	lv_uuid(uuid, letter, n);
	return (size_t)snprintf(out, TEXT_MAX,
		"request=\"lock_lv\"\ncmd =\"lvchange\"\npid =%d\nmode =\"%s\"\nopts =\"%s\"\n"
		"vg_name =\"%s\"\nlv_name =\"lv%c%llu\"\nlv_uuid =\"%s\"\nvg_lock_type =\"dlm\"\n"
		"vg_lock_args =\"%s\"\nlv_lock_args =\"dlm\"\n" END,
		getpid(), mode, persistent ? "persistent" : "none", vg, letter,
		(unsigned long long)n, uuid, vg_args);
}

static size_t vg_request(char *out, const char *mode)
{
	return (size_t)snprintf(out, TEXT_MAX,
		"request=\"lock_vg\"\ncmd =\"lvs\"\npid =%d\nmode =\"%s\"\nopts =\"none\"\n"
		"vg_name =\"%s\"\nvg_lock_type =\"none\"\nvg_lock_args =\"none\"\n" END,
		getpid(), mode, vg);
}

static void prepare(struct connection *c, uint64_t number)
{
	static const char *const modes[2][2] = { { "ex", "un" }, { "sh", "un" } };
	for (int i = 0; i < 2; i++) {
		if (work == HELLO)
			c->length[i] = (size_t)sprintf(c->request[i], "request = \"hello\"\n" END);
		else if (work == VG)
			c->length[i] = vg_request(c->request[i], modes[1][i]);
		else
			c->length[i] = lv_request(c->request[i], modes[0][i],
				work == PERSISTENT, 'C', number);
	}
}

static void send_request(struct connection *c)
{
	if (work == HOLD)
		c->length[0] = lv_request(c->request[0], "ex", 1, 'H', first_lv + issued);
	const char *text = c->request[c->unlocking];
	size_t length = c->length[c->unlocking];
	issued++;
	c->filled = 0;
	c->sent_ns = now_ns();
	size_t first = split ? length - strlen(END) : 0;
	if (first && send(c->fd, text, first, MSG_NOSIGNAL) != (ssize_t)first)
		fail("send: %s", strerror(errno));
	if (send(c->fd, text + first, length - first, MSG_NOSIGNAL) != (ssize_t)(length - first))
		fail("send: %s", strerror(errno));
}

/* Takes what has arrived; true when the reply is complete. */
static int receive(struct connection *c)
{
	ssize_t got = recv(c->fd, c->reply + c->filled, TEXT_MAX - 1 - c->filled, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		fail("the daemon closed the connection%s%s", got ? ": " : "", got ? strerror(errno) : "");
	c->filled += (size_t)got;
	c->reply[c->filled] = 0;
	return c->filled >= 5 && !memcmp(c->reply + c->filled - 4, END, 4);
}

static void check(const struct connection *c, const char *expected)
{
	if (!strstr(c->reply, "response = \"OK\"\n") || !strstr(c->reply, expected))
		fail("reply without %.*s:\n%s", (int)strlen(expected) - 1, expected, c->reply);
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

/* A complete reply: counts it and says whether the connection has more to ask. */
static int answered(struct connection *c)
{
	uint64_t now = now_ns();
	check(c, work == HELLO ? "result = 0\n" : "\nop_result = 0\n");
	note(c->sent_ns, now);
	if (work != HOLD && work != HELLO)
		c->unlocking = !c->unlocking;
	/* Never stops between a lock and its unlock: the daemon is left as it was found. */
	return c->unlocking || (wanted ? issued < wanted : now < stop_ns);
}

static void open_connection(struct connection *c, const char *path, uint64_t number)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static const char hello[] = "request = \"hello\"\n" END;
	if (strlen(path) >= sizeof address.sun_path)
		fail("socket path too long: %s", path);
	strcpy(address.sun_path, path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0)
		fail("%s: %s", path, strerror(errno));
	if (send(c->fd, hello, sizeof hello - 1, MSG_NOSIGNAL) < 0)
		fail("send: %s", strerror(errno));
	do {
		struct epoll_event event;
		int ep = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &(struct epoll_event){ .events = EPOLLIN });
		epoll_wait(ep, &event, 1, -1);
		close(ep);
	} while (!receive(c));
	check(c, "result = 0\n");
	prepare(c, number);
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

static double cpu_seconds(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void report(int connections, double took)
{
	if (!sample_count)
		fail("nothing was measured");
	qsort(samples, sample_count, sizeof *samples, by_value);
	printf("{\"work\":\"%s\",\"connections\":%d,\"total\":%llu,\"requests\":%zu,\"seconds\":%.3f,"
		"\"requestsPerSecond\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f,"
		"\"loadCpuSeconds\":%.3f}\n",
		work_names[work], connections, (unsigned long long)issued, sample_count, took, (double)sample_count / took,
		quantile_us(0.5), quantile_us(0.9), quantile_us(0.99), quantile_us(1),
		cpu_seconds());
}

/* Drives all connections until each has stopped; returns the seconds measured. */
static double run(struct connection *all, int connections)
{
	struct epoll_event events[128];
	int ep = epoll_create1(EPOLL_CLOEXEC), open = connections;
	uint64_t start = now_ns();
	measure_from_ns = start + (uint64_t)(warmup * 1e9);
	stop_ns = measure_from_ns + (uint64_t)(seconds * 1e9);
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
			if (answered(c))
				send_request(c);
			else
				open--;
		}
	}
	return (double)(now_ns() - measure_from_ns) / 1e9;
}

static void option(const char *text)
{
	const char *value = strchr(text, '=');
	if (!value)
		fail("unknown option: %s", text);
	size_t name = (size_t)(value++ - text);
	if (name == 7 && !strncmp(text, "seconds", name)) seconds = atof(value);
	else if (name == 8 && !strncmp(text, "requests", name)) wanted = strtoull(value, NULL, 10);
	else if (name == 4 && !strncmp(text, "from", name)) first_lv = strtoull(value, NULL, 10);
	else if (name == 6 && !strncmp(text, "warmup", name)) warmup = atof(value);
	else if (name == 2 && !strncmp(text, "vg", name)) vg = value;
	else if (name == 4 && !strncmp(text, "args", name)) vg_args = value;
	else if (name == 5 && !strncmp(text, "split", name)) split = atoi(value);
	else fail("unknown option: %s", text);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		fail("usage: load SOCKET WORK CONNECTIONS [seconds=S] [requests=N] [from=N] [warmup=S] [vg=NAME] [args=TEXT] [split=1]");
	int connections = atoi(argv[3]), known = sizeof work_names / sizeof *work_names;
	for (int i = 4; i < argc; i++)
		option(argv[i]);
	for (work = 0; (int)work < known && strcmp(argv[2], work_names[work]); work++)
		;
	if ((int)work == known || connections < 1 || (!wanted && seconds <= 0))
		fail("need a known kind of work, a connection or more, and seconds= or requests=");
	if (wanted && (uint64_t)connections > wanted)
		connections = (int)wanted;
	struct connection *all = calloc((size_t)connections, sizeof *all);
	if (!all)
		fail("out of memory");
	for (int i = 0; i < connections; i++)
		open_connection(&all[i], argv[1], (uint64_t)i);
	report(connections, run(all, connections));
	return 0;
}
