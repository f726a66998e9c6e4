/* Opening, finding and ending connections. They stay in memory, for a thread may still look at one. */
#include "conn.h"

#include "knobs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct conn *all;
static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;

/* As the manager makes it: the process, and the instance of the manager. */
static void make_host(uint8_t host[32], const char *instance)
{
	int pid = getpid();
	memset(host, 0, 32);
	memcpy(host, &pid, sizeof(pid));
	for (int i = 0; i < 16; i++) {
		char digits[3] = {instance[2 * i], instance[2 * i + 1], 0};
		host[16 + i] = strtol(digits, NULL, 16);
	}
}

/* The thread takes no signals: they are the program's. */
static void start_thread(struct conn *conn)
{
	sigset_t every, before;
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	pthread_create(&conn->thread, NULL, renew_thread, conn);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int conn_open(void)
{
	int ends[2];
	struct conn *conn = calloc(1, sizeof(*conn));
	int result = manager_instance(conn->instance);
	if (result == 0) {
		make_host(conn->who.host, conn->instance);
		conn->live = result = live_open(conn->instance, conn->who.host, conn->who.token);
	}
	if (result < 0) {
		free(conn);
		return result;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	conn->fd = ends[0];
	conn->peer = ends[1];
	conn->renewing = true;
	pthread_mutex_init(&conn->mutex, NULL);
	pthread_mutex_lock(&all_mutex);
	conn->next = all;
	all = conn;
	pthread_mutex_unlock(&all_mutex);
	start_thread(conn);
	return conn->fd;
}

struct conn *conn_find(int fd)
{
	pthread_mutex_lock(&all_mutex);
	struct conn *conn = all; // the newest comes first
	while (conn && conn->fd != fd)
		conn = conn->next;
	pthread_mutex_unlock(&all_mutex);
	return conn;
}

struct lock *conn_lock(struct conn *conn, const uint8_t id[64])
{
	struct lock *lock = conn->locks;
	while (lock && memcmp(lock->id, id, 64) != 0)
		lock = lock->next;
	return lock;
}

void conn_add(struct conn *conn, struct lock *lock)
{
	lock->next = conn->locks;
	conn->locks = lock;
}

void conn_remove(struct conn *conn, struct lock *lock)
{
	struct lock **at = &conn->locks;
	while (*at != lock)
		at = &(*at)->next;
	*at = lock->next;
	free(lock);
}

/* The manager's end is closed: the client sees that, and the thread ends. With the mutex held. */
static void hang_up(struct conn *conn)
{
	if (conn->peer < 0)
		return;
	shutdown(conn->peer, SHUT_RDWR); // at once, even while the thread waits for it
	close(conn->peer);
	conn->peer = -1;
	live_forget(conn->live, conn->who.token);
}

void conn_drop(struct conn *conn)
{
	pthread_mutex_lock(&conn->mutex);
	if (conn->peer >= 0 && manager_is(knobs()->run_dir, conn->instance))
		for (struct lock *lock = conn->locks; lock; lock = lock->next)
			raid_unlock(lock, &conn->who);
	hang_up(conn);
	pthread_mutex_unlock(&conn->mutex);
}

bool conn_lost(struct conn *conn)
{
	pthread_mutex_lock(&conn->mutex);
	if (!manager_is(knobs()->run_dir, conn->instance))
		hang_up(conn);
	bool lost = conn->peer < 0;
	pthread_mutex_unlock(&conn->mutex);
	return lost;
}

void conn_leave(struct conn *conn)
{
	pthread_mutex_lock(&conn->mutex);
	conn->leaving = true;
	pthread_mutex_unlock(&conn->mutex);
	pthread_join(conn->thread, NULL); // it looks when its pause is over
	pthread_mutex_lock(&conn->mutex);
	hang_up(conn);
	close(conn->fd);
	conn->fd = -1;
	pthread_mutex_unlock(&conn->mutex);
}
