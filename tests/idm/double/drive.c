/* The file of a drive: finding a mutex in it, faults, and what dead clients left behind. */
#include "drive.h"

#include "knobs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void drive_name(const char *path, char name[DRIVE_NAME])
{
	const char *slash = strrchr(path, '/');
	strncpy(name, slash ? slash + 1 : path, DRIVE_NAME - 1);
	name[DRIVE_NAME - 1] = 0;
	char *end = name + strlen(name);
	while (end > name && isdigit((unsigned char)end[-1]))
		end--;
	if (strncmp(name, "nvme", 4) != 0)
		*end = 0;
	else if (end > name && end[-1] == 'p')
		end[-1] = 0;
}

bool drive_exists(const char *name)
{
	return *name && *name != '.' && file_exists(path_of("%s/%s", knobs()->drives_dir, name));
}

/* Does the injected fault of this host's manager hit the drive with this index? */
static bool injected(int index)
{
	int percent = number_in(path_of("%s/inject", knobs()->run_dir));
	if (percent <= 0 || percent >= 100)
		return percent >= 100;
	if (percent <= 50)
		return index % (int)lround(100.0 / percent) == 0;
	return index % (int)lround(100.0 / (100 - percent)) != 0;
}

static bool broken(const char *name, int index)
{
	const struct knobs *k = knobs();
	int latency = number_in(path_of("%s/.latency/%s", k->drives_dir, name));
	if (latency > 0)
		sleep_ms(latency);
	while (file_exists(path_of("%s/.hold/%s", k->drives_dir, name)))
		sleep_ms(1);
	return injected(index) || file_exists(path_of("%s/.eio/%s", k->drives_dir, name)) ||
	       file_exists(path_of("%s/eio/%s", k->run_dir, name));
}

/* Finds the mutex, else a free place for it. */
static int find(struct opened *opened, const uint8_t id[64])
{
	struct mutex *mutex = &opened->mutex;
	long free_index = -1, index = 0;
	for (; pread(opened->fd, mutex, sizeof(*mutex), index * 4096) == sizeof(*mutex); index++) {
		opened->index = index;
		if (mutex->used && memcmp(mutex->id, id, 64) == 0)
			return 0;
		if (!mutex->used && free_index < 0)
			free_index = index;
	}
	opened->index = free_index < 0 ? index : free_index;
	memset(mutex, 0, sizeof(*mutex));
	memcpy(mutex->id, id, 64);
	return 0;
}

void mutex_remove(struct mutex *mutex, uint32_t member, const uint8_t value[8])
{
	memcpy(mutex->value, value, 7);
	mutex->value[7] = 0;
	mutex->members[member] = mutex->members[--mutex->count];
	if (mutex->count > 0)
		return;
	mutex->mode = 0;
	if (!knobs()->keep_value)
		memset(mutex, 0, offsetof(struct mutex, id));
}

/* Releases what a manager has released because its client died. */
static void reap(struct opened *opened)
{
	struct mutex *mutex = &opened->mutex;
	for (uint32_t i = 0; i < mutex->count;) {
		uint8_t value[8];
		memcpy(value, mutex->members[i].pending, 8);
		if (!live_released(mutex->members[i].who.token)) {
			i++;
			continue;
		}
		mutex_remove(mutex, i, value);
		opened->dirty = true;
	}
}

int drive_open(const char *name, int index, const uint8_t id[64], struct opened *opened)
{
	if (broken(name, index))
		return -EIO;
	opened->dirty = false;
	opened->fd = open(path_of("%s/%s", knobs()->drives_dir, name), O_RDWR | O_CLOEXEC);
	if (opened->fd < 0)
		return -EIO;
	while (flock(opened->fd, LOCK_EX) < 0)
		;
	find(opened, id);
	reap(opened);
	return 0;
}

void drive_close(struct opened *opened)
{
	if (opened->dirty &&
	    pwrite(opened->fd, &opened->mutex, 4096, opened->index * 4096) != 4096)
		abort(); // no room: nothing that is tested now means anything
	close(opened->fd);
}
