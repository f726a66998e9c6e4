/* The value block of a lock: the greatest of most drives when read, written when it is released. */
#include "knobs.h"
#include "raid.h"

#include <string.h>

void raid_write(struct lock *lock, const struct who *who, const uint8_t value[8])
{
	if (memcmp(lock->value, value, 8) == 0)
		return;
	memcpy(lock->value, value, 8);
	for (int i = 0; i < lock->good; i++) {
		struct place place = raid_place(lock, i, who);
		if (lock->drives[i].locked)
			mutex_pend(&place, value);
	}
}

static uint64_t number_of(const uint8_t value[8])
{
	uint64_t number;
	memcpy(&number, value, 8);
	return number;
}

/* Reads the drives that are locked; how many answered. */
static int read_drives(struct lock *lock, const struct who *who, uint8_t greatest[8])
{
	int answers = 0;
	memset(greatest, 0, 8);
	for (int i = 0; i < lock->good; i++) {
		struct place place = raid_place(lock, i, who);
		uint8_t value[8];
		if (!lock->drives[i].locked || mutex_read(&place, value) < 0)
			continue;
		answers++;
		if (number_of(value) > number_of(greatest))
			memcpy(greatest, value, 8);
	}
	return answers;
}

int raid_read(struct lock *lock, const struct who *who, uint8_t value[8])
{
	int64_t deadline = now_ms() + knobs()->window_ms;
	while (read_drives(lock, who, value) < raid_majority(lock)) {
		if (now_ms() > deadline)
			return -1;
		sleep_ms(1);
	}
	for (int i = 0; i < lock->good; i++)
		if (lock->drives[i].broke)
			memset(value, 0xff, 8);
	raid_write(lock, who, value);
	return 0;
}
