/* The calls about a connection and about the manager as a whole. */
#include "call.h"
#include "knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))

API int ilm_connect(int *sock)
{
	struct call call;
	if (!call_begin_bare(&call, "ilm_connect"))
		return call_end(&call, call.result);
	int fd = conn_open();
	if (fd < 0)
		return call_end(&call, fd);
	if (call.replace) { // the answer is lost, and with it the connection
		conn_leave(conn_find(fd));
		return call_end(&call, 0);
	}
	*sock = call.sock = fd;
	return call_end(&call, 0);
}

API int ilm_disconnect(int sock)
{
	struct call call;
	if (!call_begin(&call, "ilm_disconnect", sock))
		return call_end(&call, call.result); // the descriptor stays open
	conn_leave(call.conn);
	return call_end(&call, 0);
}

/* As the library copies it: cut, not refused. */
static void copy_text(char *to, const char *from)
{
	strncpy(to, from, 128);
	to[128] = 0;
}

API int ilm_set_killpath(int sock, char *killpath, char *killargs)
{
	struct call call;
	if (!call_begin(&call, "ilm_set_killpath", sock))
		return call_end(&call, call.result);
	struct conn *conn = call.conn;
	pthread_mutex_lock(&conn->mutex);
	copy_text(conn->killpath, killpath);
	copy_text(conn->killargs, killargs);
	pthread_mutex_unlock(&conn->mutex);
	call_note(&call, " path=%s args=%s", conn->killpath, conn->killargs);
	sleep_ms(20 / knobs()->scale);
	return call_end(&call, 0);
}

API int ilm_set_signal(int sock, int signo)
{
	struct call call;
	if (!call_begin(&call, "ilm_set_signal", sock))
		return call_end(&call, call.result);
	pthread_mutex_lock(&call.conn->mutex);
	call.conn->signo = signo;
	pthread_mutex_unlock(&call.conn->mutex);
	return call_end(&call, 0);
}

API int ilm_version(int sock, char *drive, uint8_t *version_major, uint8_t *version_minor)
{
	struct call call;
	char name[DRIVE_NAME];
	if (!call_begin(&call, "ilm_version", sock))
		return call_end(&call, call.result);
	drive_name(drive, name);
	if (!drive_exists(name))
		return call_end(&call, -ENOMEM);
	*version_major = 1;
	*version_minor = 0;
	return call_end(&call, 0);
}

API int ilm_set_host_id(int sock, char *id, int id_len)
{
	struct call call;
	if (!call_begin(&call, "ilm_set_host_id", sock))
		return call_end(&call, call.result);
	struct conn *conn = call.conn;
	if (id_len != 32) {
		call_violation(&call, "the manager takes 32 bytes, whatever the length");
		return call_end(&call, -1);
	}
	if (live_uses((uint8_t *)id, conn->who.token))
		return call_end(&call, -EBUSY);
	pthread_mutex_lock(&conn->mutex);
	memcpy(conn->who.host, id, 32);
	live_rename(conn->live, conn->instance, conn->who.host);
	pthread_mutex_unlock(&conn->mutex);
	return call_end(&call, 0);
}

static int set_renewing(int sock, const char *name, bool renewing)
{
	struct call call;
	if (!call_begin(&call, name, sock))
		return call_end(&call, call.result);
	pthread_mutex_lock(&call.conn->mutex);
	call.conn->renewing = renewing;
	pthread_mutex_unlock(&call.conn->mutex);
	return call_end(&call, 0);
}

API int ilm_stop_renew(int sock)
{
	return set_renewing(sock, "ilm_stop_renew", false);
}

API int ilm_start_renew(int sock)
{
	return set_renewing(sock, "ilm_start_renew", true);
}

/* For all connections of this host's manager, so it goes to the run directory. */
API int ilm_inject_fault(int sock, int percentage)
{
	struct call call;
	char text[16];
	if (!call_begin(&call, "ilm_inject_fault", sock))
		return call_end(&call, call.result);
	if (percentage < 0 || percentage > 100)
		return call_end(&call, -EINVAL);
	const char *path = path_of("%s/inject", knobs()->run_dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int length = snprintf(text, sizeof(text), "%d", percentage);
	int written = write(fd, text, length);
	close(fd);
	return call_end(&call, written == length ? 0 : -EIO);
}
