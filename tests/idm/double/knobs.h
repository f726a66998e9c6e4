/*
 * What the environment says: where the drives and the manager's run directory are, which kind of
 * drive is played, and how long things take.
 */
#ifndef KNOBS_H
#define KNOBS_H

#include <stdbool.h>
#include <stdint.h>

struct knobs {
	const char *run_dir;	/* one host: ILM_RUN_DIR */
	const char *drives_dir; /* what all hosts share: ILM_DOUBLE_DRIVES */
	int scale;		/* every time is divided by it: ILM_DOUBLE_SCALE */
	int64_t window_ms;	/* a refused lock is tried this long */
	int64_t renew_ms;	/* pause between renewals */
	int64_t quiescent_ms;	/* without renewal for longer, the lock is given up */
	bool emulation;		/* drives behave as the thread emulation, not as firmware */
	bool keep_value;	/* the value block survives the last unlock */
};

const struct knobs *knobs(void);

/* A lease as it is asked for, in the time of the double. */
int64_t scaled_lease(int timeout_ms);

/* Time that all processes of the machine share. */
int64_t now_ms(void);
void sleep_ms(int64_t ms);

/* `format` as a path; in a buffer of the calling thread that the third call after uses again. */
const char *path_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads a small file as text. Its length, or -1 if it cannot be read. */
int read_text(const char *path, char *text, int size);

bool file_exists(const char *path);

/* The number in a file, 0 if there is none. */
int number_in(const char *path);

void to_hex(const void *bytes, int count, char *text);

#endif
