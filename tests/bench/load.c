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
#define PROGRAM "load"
#include "client.h"

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
static uint64_t wanted = 0, first_lv = 0;

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
	static const char hello[] = "request = \"hello\"\n" END;
	c->fd = connect_to(path);
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
	report(work_names[work], connections, run(all, connections));
	return 0;
}
