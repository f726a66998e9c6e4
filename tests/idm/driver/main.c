/*
 * Makes calls of libseagate_ilm for a test, as a process of one host. Reads lines `N call words...` and
 * answers each, when it is done, with `N result milliseconds words...`. Every call runs in a thread of
 * its own, so that calls on several connections can be under way.
 *
 * Texts have no blanks. An id is a text that is filled up with zeros. A drive `-` is a NULL pointer,
 * and a last drive `@512` repeats the one before until there are that many.
 */
#include "ilm.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORDS 1100

struct job {
	char line[16384];
	char *words[WORDS]; /* number, call, descriptor, ... */
	int count;
	char answer[128];
	struct idm_lock_id id;
	struct idm_lock_op op;
};

static const char *word(struct job *job, int index)
{
	return index < job->count ? job->words[index] : "";
}

static int number(struct job *job, int index)
{
	return atoi(word(job, index));
}

static struct idm_lock_id *id_of(struct job *job)
{
	const char *text = word(job, 3);
	memset(&job->id, 0, sizeof(job->id));
	memcpy(&job->id, text, strlen(text) < 64 ? strlen(text) : 64);
	return &job->id;
}

/* From the words: mode, timeout, drives. */
static struct idm_lock_op *op_of(struct job *job)
{
	struct idm_lock_op *op = &job->op;
	memset(op, 0, sizeof(*op));
	op->mode = number(job, 4);
	op->timeout = number(job, 5);
	for (int i = 6; i < job->count; i++) {
		char *drive = job->words[i];
		if (drive[0] == '@') {
			uint32_t total = atoi(drive + 1);
			while (op->drive_num < total && op->drive_num < ILM_DRIVE_MAX_NUM) {
				op->drives[op->drive_num] = op->drives[op->drive_num - 1];
				op->drive_num++;
			}
			op->drive_num = total; // more than there is room for is said, not given
		} else {
			op->drives[op->drive_num++] = strcmp(drive, "-") == 0 ? NULL : drive;
		}
	}
	return op;
}

static int write_value(struct job *job, int sock)
{
	char value[IDM_VALUE_LEN + 1] = {0};
	for (int i = 0; i < IDM_VALUE_LEN; i++) {
		unsigned byte = 0;
		sscanf(word(job, 4) + 2 * i, "%2x", &byte);
		value[i] = byte;
	}
	int length = job->count > 5 ? number(job, 5) : IDM_VALUE_LEN;
	return ilm_write_lvb(sock, id_of(job), value, length);
}

static int read_value(struct job *job, int sock)
{
	char value[16];
	memset(value, 0xee, sizeof(value));
	int length = job->count > 4 ? number(job, 4) : IDM_VALUE_LEN;
	int result = ilm_read_lvb(sock, id_of(job), value, length);
	for (int i = 0; i < IDM_VALUE_LEN; i++)
		sprintf(job->answer + 2 * i, "%02x", (unsigned char)value[i]);
	return result;
}

/* What is not written by a call stays -9. */
static int ask(struct job *job, int sock)
{
	int first = -9, second = -9, result;
	if (strcmp(job->words[1], "mode") == 0)
		result = ilm_get_mode(sock, id_of(job), op_of(job), &first);
	else
		result = ilm_get_host_count(sock, id_of(job), op_of(job), &first, &second);
	sprintf(job->answer, "%d %d", first, second);
	return result;
}

static int connect_manager(struct job *job)
{
	int sock = -9;
	int result = ilm_connect(&sock);
	sprintf(job->answer, "%d", sock);
	return result;
}

static int ask_version(struct job *job, int sock)
{
	uint8_t major = 99, minor = 99;
	int result = ilm_version(sock, job->words[3], &major, &minor);
	sprintf(job->answer, "%d.%d", major, minor);
	return result;
}

/* Waits until the manager hangs up, at most a minute. */
static int wait_for_end(int sock)
{
	struct pollfd end = {.fd = sock};
	return poll(&end, 1, 60000) == 1 && (end.revents & POLLHUP) ? 0 : -1;
}

static int run(struct job *job)
{
	const char *call = job->words[1];
	int sock = number(job, 2);
	char host[33] = {0};
#define IS(name) (strcmp(call, name) == 0)
	if (IS("connect"))
		return connect_manager(job);
	if (IS("disconnect"))
		return ilm_disconnect(sock);
	if (IS("close"))
		return close(sock);
	if (IS("ended"))
		return wait_for_end(sock);
	if (IS("lock"))
		return ilm_lock(sock, id_of(job), op_of(job));
	if (IS("lock_nothing"))
		return ilm_lock(sock, id_of(job), NULL);
	if (IS("unlock"))
		return ilm_unlock(sock, id_of(job));
	if (IS("convert"))
		return ilm_convert(sock, id_of(job), number(job, 4));
	if (IS("write"))
		return write_value(job, sock);
	if (IS("read"))
		return read_value(job, sock);
	if (IS("count") || IS("mode"))
		return ask(job, sock);
	if (IS("killpath"))
		return ilm_set_killpath(sock, job->words[3], job->words[4]);
	if (IS("signal"))
		return ilm_set_signal(sock, number(job, 3));
	if (IS("version"))
		return ask_version(job, sock);
	if (IS("hostid"))
		return ilm_set_host_id(sock, strncpy(host, word(job, 3), 32), 32);
	if (IS("stop"))
		return ilm_stop_renew(sock);
	if (IS("start"))
		return ilm_start_renew(sock);
	if (IS("inject"))
		return ilm_inject_fault(sock, number(job, 3));
	fprintf(stderr, "no call %s\n", call);
	exit(2);
}

static void *run_job(void *argument)
{
	struct job *job = argument;
	struct timespec start, end;
	clock_gettime(CLOCK_MONOTONIC, &start);
	int result = run(job);
	clock_gettime(CLOCK_MONOTONIC, &end);
	long ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
	printf("%s %d %ld %s\n", job->words[0], result, ms, job->answer);
	free(job);
	return NULL;
}

static void print_signal(int signal)
{
	(void)signal;
	if (write(1, "0 signal 0\n", 11) < 0)
		_exit(3);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, print_signal);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		pthread_t thread;
		struct job *job = calloc(1, sizeof(*job));
		if (!fgets(job->line, sizeof(job->line), stdin))
			return 0;
		for (char *at = strtok(job->line, " \n"); at; at = strtok(NULL, " \n"))
			job->words[job->count++] = at;
		pthread_create(&thread, NULL, run_job, job);
		pthread_detach(thread);
	}
}
