/* The rules of a mutex on one drive: members with leases, modes, breaking, and its value. */
#include "mutex.h"

#include "knobs.h"

#include <errno.h>
#include <string.h>

static bool expired(const struct member *member)
{
	return member->lease_ms < 0 || now_ms() > member->renewed_ms + member->lease_ms;
}

static struct member *member_of(struct mutex *mutex, const struct who *who)
{
	for (uint32_t i = 0; i < mutex->count; i++)
		if (memcmp(mutex->members[i].who.host, who->host, 32) == 0)
			return &mutex->members[i];
	return NULL;
}

/* The emulation refuses a member whose lease is over; firmware does so only when it is broken. */
static bool is_late(const struct member *member)
{
	return knobs()->emulation && expired(member);
}

static int begin(const struct place *place, struct opened *opened)
{
	return drive_open(place->drive, place->index, place->id, opened);
}

static int end(struct opened *opened, int result, bool changed)
{
	opened->dirty |= changed;
	drive_close(opened);
	return result;
}

static int join(struct opened *opened, const struct place *place, uint32_t mode, int64_t lease)
{
	struct mutex *mutex = &opened->mutex;
	if (mutex->count == MEMBERS)
		return end(opened, -ENOMEM, false);
	struct member *member = &mutex->members[mutex->count++];
	memset(member, 0, sizeof(*member));
	member->who = *place->who;
	member->lease_ms = lease;
	member->renewed_ms = now_ms();
	mutex->used = 1;
	mutex->mode = mode;
	return end(opened, 0, true);
}

int mutex_try(const struct place *place, uint32_t mode, int64_t lease)
{
	struct opened opened;
	int result = begin(place, &opened);
	if (result < 0)
		return result;
	if (member_of(&opened.mutex, place->who))
		return end(&opened, -EAGAIN, false);
	// An expired sharer is no obstacle to sharing, and no reason to break.
	bool shared = opened.mutex.mode == 2 && mode == 2;
	if (opened.mutex.count > 0 && !shared)
		return end(&opened, -EBUSY, false);
	return join(&opened, place, mode, lease);
}

int mutex_break(const struct place *place, uint32_t mode, int64_t lease)
{
	struct opened opened;
	int result = begin(place, &opened);
	if (result < 0)
		return result;
	struct mutex *mutex = &opened.mutex;
	struct member *own = member_of(mutex, place->who);
	for (uint32_t i = 0; i < mutex->count; i++)
		if (&mutex->members[i] != own && !expired(&mutex->members[i]))
			return end(&opened, -EBUSY, false);
	uint8_t pending[8] = {0};
	if (own)
		memcpy(pending, own->pending, 8);
	mutex->count = 0;
	result = join(&opened, place, mode, lease);
	return own ? mutex_pend(place, pending) : result;
}

/* Restarts the lease; `convert` allows another mode. */
static int refresh(const struct place *place, uint32_t mode, int64_t lease, bool convert)
{
	struct opened opened;
	int result = begin(place, &opened);
	if (result < 0)
		return result;
	struct mutex *mutex = &opened.mutex;
	struct member *member = member_of(mutex, place->who);
	if (!member || is_late(member))
		return end(&opened, -ETIME, false);
	if (mutex->mode != mode && !convert)
		return end(&opened, -EFAULT, false);
	if (mutex->mode == 2 && mode == 1 && mutex->count > 1)
		return end(&opened, -EPERM, false);
	mutex->mode = mode;
	member->lease_ms = lease;
	member->renewed_ms = now_ms();
	return end(&opened, 0, true);
}

int mutex_renew(const struct place *place, uint32_t mode, int64_t lease)
{
	return refresh(place, mode, lease, false);
}

int mutex_convert(const struct place *place, uint32_t mode, int64_t lease)
{
	return refresh(place, mode, lease, true);
}

int mutex_unlock(const struct place *place, uint32_t mode, const uint8_t value[8])
{
	struct opened opened;
	int result = begin(place, &opened);
	if (result < 0)
		return result;
	struct mutex *mutex = &opened.mutex;
	struct member *member = member_of(mutex, place->who);
	if (!member)
		return end(&opened, -ENOENT, false);
	if (mode != 0 && mutex->mode != mode)
		return end(&opened, -EINVAL, false);
	bool late = is_late(member);
	mutex_remove(mutex, member - mutex->members, value);
	return end(&opened, late ? -ETIME : 0, true);
}

int mutex_read(const struct place *place, uint8_t value[8])
{
	struct opened opened;
	int result = begin(place, &opened);
	if (result < 0)
		return result;
	struct member *member = member_of(&opened.mutex, place->who);
	memcpy(value, opened.mutex.value, 8);
	return end(&opened, !member || is_late(member) ? -ETIME : 0, false);
}

int mutex_pend(const struct place *place, const uint8_t value[8])
{
	struct opened opened;
	int result = begin(place, &opened);
	if (result < 0)
		return result;
	struct member *member = member_of(&opened.mutex, place->who);
	if (!member)
		return end(&opened, -ENOENT, false);
	memcpy(member->pending, value, 8);
	return end(&opened, 0, true);
}

int mutex_count(const struct place *place, int *others, int *self)
{
	struct opened opened;
	int result = begin(place, &opened);
	if (result < 0)
		return result;
	struct mutex *mutex = &opened.mutex;
	*others = *self = 0;
	for (uint32_t i = 0; i < mutex->count; i++) {
		if (expired(&mutex->members[i]))
			continue;
		bool own = memcmp(mutex->members[i].who.host, place->who->host, 32) == 0;
		*(own ? self : others) += 1;
	}
	bool unknown = knobs()->emulation && !mutex->used;
	return end(&opened, unknown ? -ENOENT : 0, false);
}

int mutex_mode(const struct place *place, int *mode)
{
	struct opened opened;
	int result = begin(place, &opened);
	if (result < 0)
		return result;
	*mode = opened.mutex.mode;
	bool unknown = knobs()->emulation && !opened.mutex.used;
	return end(&opened, unknown ? -ENOENT : 0, false);
}
