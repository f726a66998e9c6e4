/*
 * One drive: a file with a table of mutexes, which every process changes under the file's lock.
 * tests/idm/double.ts reads the same format.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include "manager.h"

#include <stdbool.h>
#include <stdint.h>

#define DRIVE_NAME 64
#define MEMBERS 45

/* Who does something to a mutex: a host, through a connection. */
struct who {
	uint8_t host[32];
	char token[TOKEN_LEN];
};

struct member {
	struct who who;
	int64_t lease_ms;	/* negative: never protected */
	int64_t renewed_ms;
	uint8_t pending[8];	/* what the manager writes when it releases for a dead client */
};

/* A mutex as it is on the drive, in a page of its own so that a killed writer leaves no half of one. */
struct mutex {
	uint32_t used;
	uint32_t mode;
	uint32_t count;
	uint32_t reserved;
	uint8_t value[8];	/* the last byte is always 0 */
	uint8_t id[64];
	struct member members[MEMBERS];
	uint8_t pad[48];
};
_Static_assert(sizeof(struct mutex) == 4096, "one page");

/* A mutex between drive_open and drive_close. */
struct opened {
	int fd;
	long index;
	bool dirty;
	struct mutex mutex; /* `used` is 0 if the drive does not know it */
};

/* The name of the drive that a path leads to, without its partition. */
void drive_name(const char *path, char name[DRIVE_NAME]);
bool drive_exists(const char *name);

/*
 * Locks the drive and reads a mutex of it; dead clients' memberships are gone. `index`: which drive
 * of the lock this is, for injected faults. 0 or -EIO.
 */
int drive_open(const char *name, int index, const uint8_t id[64], struct opened *opened);
/* Writes the mutex back if it is dirty, and unlocks the drive. */
void drive_close(struct opened *opened);

void mutex_remove(struct mutex *mutex, uint32_t member, const uint8_t value[8]);

#endif
