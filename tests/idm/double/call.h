/* What every call has in common: finding its connection, faults on demand, and the log of calls. */
#ifndef CALL_H
#define CALL_H

#include "conn.h"

struct call {
	const char *name;
	int sock;
	struct conn *conn;
	int result;   /* of the call, when `fault` is taken after it or instead of it */
	bool replace; /* the result is given although the call was made */
	bool lose;    /* the connection is lost with it */
	char note[1024];
};

/* Begins a call. True if its body is to run; else `result` is the answer. */
bool call_begin(struct call *call, const char *name, int sock);
/* The answer of the library, whose body gave `result`; positive ones become 0. */
int call_end(struct call *call, int result);
/* Begins and ends a call that has no connection yet. */
bool call_begin_bare(struct call *call, const char *name);

/* Adds to what the log of calls says about this one. */
void call_note(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void call_note_id(struct call *call, const struct idm_lock_id *id);

/* The client did what no client may do; it is written down, and the connection is lost. */
void call_violation(struct call *call, const char *what);

#endif
