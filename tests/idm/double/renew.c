/*
 * The thread of a connection: renews its locks, gives the alarm when one was not renewed for too long,
 * and releases them when the client has gone.
 */
#include "conn.h"
#include "knobs.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* How often the thread looks whether the manager still runs. */
#define LOOK_MS 10

/* Runs it without waiting, and so that it is no child of this process. */
static void run_command(const struct conn *conn)
{
	char text[sizeof(conn->killpath) + sizeof(conn->killargs) + 16];
	char *words[] = {"sh", "-c", text, NULL};
	pid_t pid;
	posix_spawnattr_t plain;
	sigset_t none;
	snprintf(text, sizeof(text), "(%s %s) &", conn->killpath, conn->killargs);
	sigemptyset(&none); // not the blocked signals of this thread
	posix_spawnattr_init(&plain);
	posix_spawnattr_setsigmask(&plain, &none);
	posix_spawnattr_setflags(&plain, POSIX_SPAWN_SETSIGMASK);
	if (posix_spawn(&pid, "/bin/sh", NULL, &plain, words, environ) == 0)
		waitpid(pid, NULL, 0);
	posix_spawnattr_destroy(&plain);
}

static void give_alarm(struct conn *conn)
{
	conn->given_up = true;
	if (conn->killpath[0])
		run_command(conn);
	else if (conn->signo != 0)
		kill(getpid(), conn->signo);
}

static bool is_over(struct conn *conn)
{
	return conn->leaving || conn->peer < 0;
}

/* Renews a lock, again and again for a while if that fails; the mutex is free in between. */
static void renew_lock(struct conn *conn, struct lock *lock)
{
	int64_t deadline = now_ms() + knobs()->window_ms;
	const uint8_t *id = lock->id;
	uint8_t kept[64];
	for (int i = 0; i < 64; i++)
		kept[i] = id[i];
	while (lock && !lock->busy && !is_over(conn) && !raid_renew(lock, &conn->who)) {
		if (now_ms() > deadline)
			return;
		pthread_mutex_unlock(&conn->mutex);
		sleep_ms(1);
		pthread_mutex_lock(&conn->mutex);
		lock = conn_lock(conn, kept); // it may be released by now
	}
}

static void renew_all(struct conn *conn)
{
	int done = 0;
	struct lock *lock;
	pthread_mutex_lock(&conn->mutex);
	// By number, because the list may change while a lock is renewed.
	for (;; done++) {
		int number = 0;
		for (lock = conn->locks; lock && number < done; lock = lock->next)
			number++;
		if (!lock || is_over(conn))
			break;
		renew_lock(conn, lock);
	}
	for (lock = conn->locks; lock && !is_over(conn); lock = lock->next)
		if (now_ms() > lock->renewed_ms + knobs()->quiescent_ms)
			give_alarm(conn);
	pthread_mutex_unlock(&conn->mutex);
}

/* Waits `ms`. Has the client closed its end? */
static bool closed_within(struct conn *conn, int ms)
{
	struct pollfd end = {.fd = conn->peer};
	if (poll(&end, 1, ms) <= 0 || (end.revents & POLLHUP) == 0)
		return false;
	pthread_mutex_lock(&conn->mutex);
	bool closed = conn->peer >= 0; // else it was us
	if (closed)
		conn->fd = -1; // the number may be in use for something else by now
	pthread_mutex_unlock(&conn->mutex);
	return closed;
}

/* Sleeps until the next renewal. False if the connection is over. */
static bool pause_thread(struct conn *conn)
{
	for (int64_t end = now_ms() + knobs()->renew_ms; now_ms() < end;) {
		if (closed_within(conn, LOOK_MS)) {
			conn_drop(conn);
			return false;
		}
		if (conn_lost(conn))
			return false;
	}
	return !conn->leaving;
}

void *renew_thread(void *argument)
{
	struct conn *conn = argument;
	while (pause_thread(conn))
		if (conn->renewing && !conn->given_up &&
		    !file_exists(path_of("%s/norenew", knobs()->run_dir)))
			renew_all(conn);
	return NULL;
}
