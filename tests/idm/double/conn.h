/* A connection to the manager: what it holds, and the thread that renews it. */
#ifndef CONN_H
#define CONN_H

#include "raid.h"

#include <pthread.h>
#include <stdatomic.h>

struct conn {
	struct conn *next;
	int fd;	  /* the client's end */
	int peer; /* the manager's end, -1 when the connection is lost */
	int live;
	struct who who;
	char instance[INSTANCE_TEXT];
	pthread_t thread;
	pthread_mutex_t mutex; /* of all that follows */
	struct lock *locks;
	char killpath[IDM_FAILURE_PATH_LEN + 1];
	char killargs[IDM_FAILURE_ARGS_LEN + 1];
	int signo;
	bool renewing;
	bool given_up; /* a lock was not renewed for too long: nothing is, any more */
	bool leaving;
	bool reset; /* the next call finds the connection reset, later ones broken */
	atomic_bool in_call;
};

/* Opens a connection; its descriptor, or a negative errno. */
int conn_open(void);
struct conn *conn_find(int fd);

/* Orderly end: what it still holds runs out. */
void conn_leave(struct conn *conn);
/* The manager drops the connection, and releases all that it holds. */
void conn_drop(struct conn *conn);
/* Is it lost? Notices if its manager does not run any more: then what it holds runs out. */
bool conn_lost(struct conn *conn);

/* The lock with this id, or NULL; with the mutex held. */
struct lock *conn_lock(struct conn *conn, const uint8_t id[64]);
void conn_add(struct conn *conn, struct lock *lock);
void conn_remove(struct conn *conn, struct lock *lock);

/* The body of its thread. */
void *renew_thread(void *conn);

#endif
