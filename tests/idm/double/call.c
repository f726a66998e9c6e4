/* Faults are files in `faults` of the run directory, named like the call or `any`. */
#include "call.h"

#include "knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void append(const char *file, const char *text)
{
	int fd = open(path_of("%s/%s", knobs()->run_dir, file), O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return; // nobody wants to know
	if (write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

void call_note(struct call *call, const char *format, ...)
{
	int used = strlen(call->note);
	va_list list;
	va_start(list, format);
	vsnprintf(call->note + used, sizeof(call->note) - used, format, list);
	va_end(list);
}

void call_note_id(struct call *call, const struct idm_lock_id *id)
{
	char hex[129];
	to_hex(id, 64, hex);
	call_note(call, " id=%s", hex);
}

void call_violation(struct call *call, const char *what)
{
	char text[256];
	snprintf(text, sizeof(text), "%d %s: %s\n", getpid(), call->name, what);
	append("violations", text);
	if (call->conn)
		conn_drop(call->conn);
}

/* Takes a fault that is meant for this call: the file is there for one call only. */
static bool take_fault(struct call *call, const char *file)
{
	char text[64];
	const char *run_dir = knobs()->run_dir;
	const char *taken = path_of("%s/faults/.%d.%lx", run_dir, getpid(), (long)pthread_self());
	if (rename(path_of("%s/faults/%s", run_dir, file), taken) < 0)
		return false;
	if (read_text(taken, text, sizeof(text)) < 0)
		abort();
	unlink(taken);
	call->result = atoi(text);
	call->replace = strstr(text, "after") != NULL;
	call->lose = strstr(text, "lost") != NULL;
	return true;
}

/* Waits while the test holds this call, and as long as the host is slow. */
static void wait_for_test(const struct call *call)
{
	const char *run_dir = knobs()->run_dir;
	const char *held = path_of("%s/held/%s", run_dir, call->name);
	if (file_exists(path_of("%s/hold/%s", run_dir, call->name))) {
		close(open(held, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
		while (file_exists(path_of("%s/hold/%s", run_dir, call->name)))
			sleep_ms(1);
		unlink(path_of("%s/held/%s", run_dir, call->name));
	}
	int latency = number_in(path_of("%s/latency", run_dir));
	if (latency > 0)
		sleep_ms(latency);
}

bool call_begin_bare(struct call *call, const char *name)
{
	memset(call, 0, sizeof(*call));
	call->name = name;
	call->sock = -1;
	wait_for_test(call);
	bool faulty = take_fault(call, name) || take_fault(call, "any");
	return !faulty || call->replace;
}

/* What a request on a lost connection gets from the kernel, SIGPIPE included. */
static int send_lost(struct conn *conn)
{
	char header[16] = {0};
	if (conn->reset) {
		conn->reset = false;
		return -ECONNRESET;
	}
	return send(conn->fd, header, sizeof(header), 0) < 0 ? -errno : -1;
}

bool call_begin(struct call *call, const char *name, int sock)
{
	struct conn *conn = conn_find(sock);
	if (conn && atomic_exchange(&conn->in_call, true)) {
		memset(call, 0, sizeof(*call));
		call->name = name;
		call->conn = conn;
		call_violation(call, "another call is under way on this connection");
		call->conn = NULL; // the flag is that call's
		call->result = -1;
		return false;
	}
	bool run = call_begin_bare(call, name);
	call->conn = conn;
	call->sock = sock;
	if (!conn) {
		call->result = -EBADF;
		return false;
	}
	if (conn_lost(conn)) {
		call->result = send_lost(conn);
		call->replace = false;
		return false;
	}
	return run;
}

int call_end(struct call *call, int result)
{
	struct conn *conn = call->conn;
	char text[sizeof(call->note) + 128];
	if (call->replace)
		result = call->result;
	if (result > 0)
		result = 0;
	if (call->lose && conn)
		conn_drop(conn);
	snprintf(text, sizeof(text), "%d %s fd=%d%s result=%d\n", getpid(), call->name, call->sock,
		 call->note, result);
	append("calls", text);
	if (conn)
		atomic_store(&conn->in_call, false);
	return result;
}
