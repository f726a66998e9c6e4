/* Acquiring, releasing and renewing a lock on most of its drives, and asking about it. */
#include "raid.h"

#include "knobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lock *raid_new(const uint8_t id[64], const struct idm_lock_op *op)
{
	struct lock *lock = calloc(1, sizeof(*lock) + op->drive_num * sizeof(struct drive));
	memcpy(lock->id, id, 64);
	lock->mode = op->mode;
	lock->lease = scaled_lease(op->timeout);
	for (uint32_t i = 0; i < op->drive_num; i++) {
		struct drive *drive = &lock->drives[lock->good];
		bool known = false;
		drive_name(op->drives[i], drive->name);
		for (int j = 0; j < lock->good; j++)
			known |= strcmp(lock->drives[j].name, drive->name) == 0;
		if (known)
			continue;
		if (drive_exists(drive->name))
			lock->good++;
		else
			lock->failed++; // the same bad path counts each time
	}
	if (lock->good > (lock->good + lock->failed) / 2)
		return lock;
	free(lock);
	return NULL;
}

int raid_majority(const struct lock *lock)
{
	return (lock->good + lock->failed) / 2 + 1;
}

bool raid_too_many(const struct lock *lock, int count)
{
	int total = lock->good + lock->failed;
	return count >= total - total / 2;
}

struct place raid_place(struct lock *lock, int index, const struct who *who)
{
	return (struct place){lock->drives[index].name, index, lock->id, who};
}

int raid_lock_drive(struct lock *lock, int index, const struct who *who, uint32_t mode)
{
	struct place place = raid_place(lock, index, who);
	struct drive *drive = &lock->drives[index];
	int result = mutex_try(&place, mode, lock->lease);
	drive->broke = result == -EBUSY;
	if (result == -EBUSY)
		result = mutex_break(&place, mode, lock->lease);
	else if (result == -EAGAIN)
		mutex_unlock(&place, 0, lock->value); // of an earlier time; tried again later
	drive->locked = result == 0;
	return result;
}

/* Gives back what an attempt has gained. */
static void give_up(struct lock *lock, const struct who *who)
{
	for (int i = 0; i < lock->good; i++) {
		struct place place = raid_place(lock, i, who);
		if (lock->drives[i].locked)
			mutex_unlock(&place, lock->mode, lock->value);
		lock->drives[i].locked = false;
	}
}

int raid_acquire(struct lock *lock, const struct who *who)
{
	int64_t deadline = now_ms() + knobs()->window_ms;
	for (;;) {
		int gained = 0, errors = 0;
		for (int i = 0; i < lock->good; i++) {
			int result = raid_lock_drive(lock, i, who, lock->mode);
			gained += result == 0;
			errors += result == -EIO;
		}
		lock->renewed_ms = now_ms();
		if (gained >= raid_majority(lock))
			return 0;
		give_up(lock, who);
		if (now_ms() > deadline)
			return raid_too_many(lock, errors + lock->failed) ? -EIO : -1;
		sleep_ms(1);
	}
}

/* Renews one drive, or tries to gain it. */
static int renew_drive(struct lock *lock, int index, const struct who *who)
{
	struct place place = raid_place(lock, index, who);
	struct drive *drive = &lock->drives[index];
	if (!drive->locked)
		return raid_lock_drive(lock, index, who, lock->mode);
	int result = mutex_renew(&place, lock->mode, lock->lease);
	if (result == -ETIME || result == -EFAULT) {
		mutex_unlock(&place, 0, lock->value);
		drive->locked = false;
	}
	return result;
}

bool raid_renew(struct lock *lock, const struct who *who)
{
	int renewed = 0, total = lock->good + lock->failed;
	for (int i = 0; i < lock->good; i++)
		renewed += renew_drive(lock, i, who) == 0;
	// Half of an even number is enough: no other host can have the other half and one more.
	if (renewed < total / 2 + total % 2)
		return false;
	lock->renewed_ms = now_ms();
	return true;
}

int raid_unlock(struct lock *lock, const struct who *who)
{
	int errors = 0, late = 0;
	for (int i = 0; i < lock->good; i++) {
		struct place place = raid_place(lock, i, who);
		int result = lock->drives[i].locked ? mutex_unlock(&place, lock->mode, lock->value) : 0;
		errors += result == -EIO;
		late += result == -ETIME;
	}
	if (raid_too_many(lock, late))
		return -ETIME;
	return raid_too_many(lock, errors + lock->failed) ? -EIO : 0;
}

/* Host counts and modes are asked of every drive; the drives that fail are left out. */
int raid_count(struct lock *lock, const struct who *who, int *count, int *self)
{
	int answers = 0, most = 0, own_most = 0;
	for (int i = 0; i < lock->good; i++) {
		struct place place = raid_place(lock, i, who);
		int others, own;
		if (mutex_count(&place, &others, &own) < 0)
			continue;
		answers++;
		most = others > most ? others : most;
		own_most = own > own_most ? own : own_most;
	}
	*count = most;
	if (answers > 0)
		*self = own_most;
	return answers > 0 ? 0 : -ENOENT;
}

int raid_mode(struct lock *lock, const struct who *who, int *mode)
{
	int votes[3] = {0}, best = 0, answers = 0;
	for (int i = 0; i < lock->good; i++) {
		struct place place = raid_place(lock, i, who);
		int one;
		if (mutex_mode(&place, &one) < 0)
			continue;
		answers++;
		votes[one]++;
	}
	for (int i = 1; i < 3; i++)
		best = votes[i] > votes[best] ? i : best;
	*mode = best;
	return answers > 0 ? 0 : -ENOENT;
}
