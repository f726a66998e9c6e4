/* What a drive does to one of its mutexes. All return 0 or a negative errno of the drive. */
#ifndef MUTEX_H
#define MUTEX_H

#include "drive.h"

/* Which mutex, on which drive, and who asks. */
struct place {
	const char *drive;
	int index;
	const uint8_t *id;
	const struct who *who;
};

/* -EAGAIN: this host is a member; -EBUSY: others are in the way; -ENOMEM: no room. */
int mutex_try(const struct place *place, uint32_t mode, int64_t lease);
/* Takes it from hosts that are expired; -EBUSY if another host is not. */
int mutex_break(const struct place *place, uint32_t mode, int64_t lease);
/* -ETIME: not a member; -EFAULT: in another mode. */
int mutex_renew(const struct place *place, uint32_t mode, int64_t lease);
/* -ETIME: not a member; -EPERM: others share it. */
int mutex_convert(const struct place *place, uint32_t mode, int64_t lease);
/* -ENOENT: not a member; -EINVAL: in another mode than `mode`, if that is not 0. */
int mutex_unlock(const struct place *place, uint32_t mode, const uint8_t value[8]);
int mutex_read(const struct place *place, uint8_t value[8]);
/* Notes what the manager would write if the client died now. */
int mutex_pend(const struct place *place, const uint8_t value[8]);
int mutex_count(const struct place *place, int *others, int *self);
int mutex_mode(const struct place *place, int *mode);

#endif
