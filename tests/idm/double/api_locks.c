/* The calls about locks. */
#include "call.h"
#include "knobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))

static void note_op(struct call *call, const struct idm_lock_op *op)
{
	call_note(call, " mode=%u timeout=%d drives=", op->mode, op->timeout);
	for (uint32_t i = 0; i < op->drive_num && i < ILM_DRIVE_MAX_NUM; i++)
		call_note(call, "%s%s", i > 0 ? "," : "", op->drives[i]);
}

static bool is_complete(const struct idm_lock_op *op)
{
	if (!op || op->drive_num == 0 || op->drive_num > ILM_DRIVE_MAX_NUM)
		return false;
	for (uint32_t i = 0; i < op->drive_num; i++)
		if (!op->drives[i])
			return false;
	return true;
}

static int acquire(struct conn *conn, const uint8_t *id, const struct idm_lock_op *op)
{
	pthread_mutex_lock(&conn->mutex);
	bool known = conn_lock(conn, id) != NULL;
	pthread_mutex_unlock(&conn->mutex);
	if (known)
		return -EBUSY;
	struct lock *lock = raid_new(id, op);
	if (!lock)
		return -ENOMEM;
	int result = raid_acquire(lock, &conn->who);
	if (result < 0) {
		free(lock);
		return result;
	}
	pthread_mutex_lock(&conn->mutex);
	conn_add(conn, lock);
	pthread_mutex_unlock(&conn->mutex);
	return 0;
}

API int ilm_lock(int sock, struct idm_lock_id *id, struct idm_lock_op *op)
{
	struct call call;
	if (!is_complete(op))
		return -EINVAL; // nothing is sent
	if (!call_begin(&call, "ilm_lock", sock))
		return call_end(&call, call.result);
	call_note_id(&call, id);
	note_op(&call, op);
	bool valid = op->mode == IDM_MODE_EXCLUSIVE || op->mode == IDM_MODE_SHAREABLE;
	return call_end(&call, valid ? acquire(call.conn, (uint8_t *)id, op) : -EINVAL);
}

/* The lock that a call is about, which the thread leaves alone until done() is called. */
static struct lock *take(struct conn *conn, const struct idm_lock_id *id)
{
	pthread_mutex_lock(&conn->mutex);
	struct lock *lock = conn_lock(conn, (const uint8_t *)id);
	if (lock)
		lock->busy = true;
	pthread_mutex_unlock(&conn->mutex);
	return lock;
}

static void done(struct conn *conn, struct lock *lock)
{
	pthread_mutex_lock(&conn->mutex);
	lock->busy = false;
	pthread_mutex_unlock(&conn->mutex);
}

API int ilm_unlock(int sock, struct idm_lock_id *id)
{
	struct call call;
	if (!call_begin(&call, "ilm_unlock", sock))
		return call_end(&call, call.result);
	call_note_id(&call, id);
	struct lock *lock = take(call.conn, id);
	if (!lock)
		return call_end(&call, -1);
	int result = raid_unlock(lock, &call.conn->who);
	pthread_mutex_lock(&call.conn->mutex);
	conn_remove(call.conn, lock);
	pthread_mutex_unlock(&call.conn->mutex);
	return call_end(&call, result);
}

API int ilm_convert(int sock, struct idm_lock_id *id, uint32_t mode)
{
	struct call call;
	if (!call_begin(&call, "ilm_convert", sock))
		return call_end(&call, call.result);
	call_note_id(&call, id);
	call_note(&call, " mode=%u", mode);
	if (mode != IDM_MODE_EXCLUSIVE && mode != IDM_MODE_SHAREABLE) {
		call_violation(&call, "the manager does not check this mode");
		return call_end(&call, -1);
	}
	struct lock *lock = take(call.conn, id);
	if (!lock)
		return call_end(&call, -1);
	int result = raid_convert(lock, &call.conn->who, mode);
	done(call.conn, lock);
	return call_end(&call, result);
}

API int ilm_write_lvb(int sock, struct idm_lock_id *id, char *lvb, int lvb_len)
{
	struct call call;
	char hex[17];
	if (!call_begin(&call, "ilm_write_lvb", sock))
		return call_end(&call, call.result);
	call_note_id(&call, id);
	if (lvb_len != IDM_VALUE_LEN) {
		call_violation(&call, "the manager takes 8 bytes, whatever the length");
		return call_end(&call, -1);
	}
	to_hex(lvb, 8, hex);
	call_note(&call, " lvb=%s", hex);
	struct lock *lock = take(call.conn, id);
	if (!lock) { // the manager takes the 8 bytes for the next request
		conn_drop(call.conn);
		call.conn->reset = true;
		return call_end(&call, -1);
	}
	raid_write(lock, &call.conn->who, (uint8_t *)lvb);
	done(call.conn, lock);
	return call_end(&call, 0);
}

API int ilm_read_lvb(int sock, struct idm_lock_id *id, char *lvb, int lvb_len)
{
	struct call call;
	uint8_t value[8];
	char hex[17];
	if (!call_begin(&call, "ilm_read_lvb", sock))
		return call_end(&call, call.result);
	call_note_id(&call, id);
	if (lvb_len != IDM_VALUE_LEN) {
		call_violation(&call, "the manager sends 8 bytes, whatever the length");
		return call_end(&call, -1);
	}
	struct lock *lock = take(call.conn, id);
	if (!lock)
		return call_end(&call, -1);
	int result = raid_read(lock, &call.conn->who, value);
	done(call.conn, lock);
	if (result == 0 && !call.replace) {
		memcpy(lvb, value, 8);
		to_hex(value, 8, hex);
		call_note(&call, " lvb=%s", hex);
	}
	return call_end(&call, result);
}

typedef int question(struct lock *lock, const struct who *who, int *first, int *second);

/* Asks about a lock that the connection has, else about the drives of `op`. */
static int ask(struct call *call, struct idm_lock_id *id, struct idm_lock_op *op, question *asked,
	       int *first, int *second)
{
	call_note_id(call, id);
	if (!op || op->drive_num > ILM_DRIVE_MAX_NUM)
		return -EINVAL;
	note_op(call, op);
	struct lock *held = take(call->conn, id), *lock = held;
	if (!held)
		lock = raid_new((uint8_t *)id, op);
	if (!lock)
		return -ENOMEM;
	int result = asked(lock, &call->conn->who, first, second);
	if (held)
		done(call->conn, held);
	else
		free(lock);
	return result;
}

API int ilm_get_host_count(int sock, struct idm_lock_id *id, struct idm_lock_op *op, int *count,
			   int *self)
{
	struct call call;
	if (!call_begin(&call, "ilm_get_host_count", sock))
		return call_end(&call, call.result);
	return call_end(&call, ask(&call, id, op, raid_count, count, self));
}

static int ask_mode(struct lock *lock, const struct who *who, int *mode, int *unused)
{
	(void)unused;
	return raid_mode(lock, who, mode);
}

API int ilm_get_mode(int sock, struct idm_lock_id *id, struct idm_lock_op *op, int *mode)
{
	struct call call;
	if (!call_begin(&call, "ilm_get_mode", sock))
		return call_end(&call, call.result);
	return call_end(&call, ask(&call, id, op, ask_mode, mode, NULL));
}
