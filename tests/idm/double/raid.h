/* One lock over all its drives: what the manager does with a majority of them. */
#ifndef RAID_H
#define RAID_H

#include "ilm.h"
#include "mutex.h"

struct drive {
	char name[DRIVE_NAME];
	bool locked;
	bool broke; /* the last attempt to lock it was to break */
};

struct lock {
	struct lock *next;
	uint8_t id[64];
	uint32_t mode;
	int64_t lease;
	int good;   /* drives that the paths lead to, each once */
	int failed; /* paths that lead to none */
	uint8_t value[8];
	int64_t renewed_ms;
	bool failed_demotion;
	bool busy; /* a call is about it: it is not renewed */
	struct drive drives[];
};

/* Finds the drives of the paths. NULL if they are not more than half. */
struct lock *raid_new(const uint8_t id[64], const struct idm_lock_op *op);

/* The results of these are those of the library's calls. */
int raid_acquire(struct lock *lock, const struct who *who);
int raid_convert(struct lock *lock, const struct who *who, uint32_t mode);
int raid_unlock(struct lock *lock, const struct who *who);
int raid_read(struct lock *lock, const struct who *who, uint8_t value[8]);
void raid_write(struct lock *lock, const struct who *who, const uint8_t value[8]);
int raid_count(struct lock *lock, const struct who *who, int *count, int *self);
int raid_mode(struct lock *lock, const struct who *who, int *mode);

/* One attempt: is it renewed on enough drives? */
bool raid_renew(struct lock *lock, const struct who *who);

/* Tries once to lock a drive that is not locked: 0 or the drive's errno. */
int raid_lock_drive(struct lock *lock, int index, const struct who *who, uint32_t mode);
struct place raid_place(struct lock *lock, int index, const struct who *who);

int raid_majority(const struct lock *lock);
/* Are so many failing drives, with those that were never found, the reason for no majority? */
bool raid_too_many(const struct lock *lock, int count);

#endif
