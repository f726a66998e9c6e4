/* Changing the mode of a lock on most of its drives. */
#include "knobs.h"
#include "raid.h"

#include <errno.h>

struct outcome {
	int done;
	int errors;
	int late;
};

static int convert_drive(struct lock *lock, int index, const struct who *who, uint32_t mode)
{
	struct place place = raid_place(lock, index, who);
	struct drive *drive = &lock->drives[index];
	if (!drive->locked)
		return raid_lock_drive(lock, index, who, mode);
	int result = mutex_convert(&place, mode, lock->lease);
	if (result == -EPERM) {
		drive->broke = true;
		return mutex_break(&place, mode, lock->lease); // sharers that are expired are no obstacle
	}
	if (result == -ETIME) {
		mutex_unlock(&place, 0, lock->value);
		drive->locked = false;
	}
	return result;
}

static struct outcome convert_drives(struct lock *lock, const struct who *who, uint32_t mode)
{
	struct outcome outcome = {0};
	for (int i = 0; i < lock->good; i++) {
		int result = convert_drive(lock, i, who, mode);
		outcome.done += result == 0;
		outcome.errors += result == -EIO;
		outcome.late += result == -ETIME;
	}
	outcome.errors += lock->failed;
	return outcome;
}

/* A promotion that failed: the drives that had changed go back. */
static void roll_back(struct lock *lock, const struct who *who)
{
	for (int i = 0; i < lock->good; i++) {
		struct place place = raid_place(lock, i, who);
		if (lock->drives[i].locked)
			mutex_convert(&place, lock->mode, lock->lease);
	}
}

int raid_convert(struct lock *lock, const struct who *who, uint32_t mode)
{
	int64_t deadline = now_ms() + knobs()->window_ms;
	struct outcome outcome;
	if (lock->failed_demotion)
		return -1;
	if (lock->mode == mode)
		return 0;
	for (;;) {
		outcome = convert_drives(lock, who, mode);
		if (outcome.done >= raid_majority(lock)) {
			lock->mode = mode;
			lock->renewed_ms = now_ms();
			return 0;
		}
		if (!raid_too_many(lock, outcome.errors) || now_ms() > deadline)
			break;
		sleep_ms(1);
	}
	bool demotion = mode == IDM_MODE_SHAREABLE;
	if (demotion)
		lock->failed_demotion = true;
	else
		roll_back(lock, who);
	if (raid_too_many(lock, outcome.errors))
		return -EIO;
	if (!demotion)
		return raid_too_many(lock, outcome.late) ? -ETIME : -1;
	lock->mode = mode;
	return 0;
}
