/* The files by which processes see whether a connection of another process still exists. */
#include "knobs.h"
#include "manager.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lines: run directory, instance, host id in hex. */
struct live {
	char run_dir[PATH_MAX];
	char instance[INSTANCE_TEXT];
	char host[65];
};

static const char *live_path(const char *token)
{
	return path_of("%s/.live/%s", knobs()->drives_dir, token);
}

void live_rename(int fd, const char *instance, const uint8_t host[32])
{
	char hex[65], text[PATH_MAX + 128];
	to_hex(host, 32, hex);
	int length = snprintf(text, sizeof(text), "%s\n%s\n%s\n", knobs()->run_dir, instance, hex);
	if (pwrite(fd, text, length, 0) != length)
		abort(); // no room: nothing that is tested now means anything
}

int live_open(const char *instance, const uint8_t host[32], char token[TOKEN_LEN])
{
	static atomic_int count;
	mkdir(path_of("%s/.live", knobs()->drives_dir), 0777);
	snprintf(token, TOKEN_LEN, "%d.%d.%lld", getpid(), atomic_fetch_add(&count, 1),
		 (long long)now_ms());
	int fd = open(live_path(token), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	flock(fd, LOCK_EX);
	live_rename(fd, instance, host);
	return fd;
}

void live_forget(int fd, const char *token)
{
	unlink(live_path(token));
	close(fd);
}

/* Is the file of this token there, and is it locked? */
static bool live_read(const char *token, struct live *live, bool *locked)
{
	char text[PATH_MAX + 128], format[64];
	int fd = open(live_path(token), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	*locked = flock(fd, LOCK_SH | LOCK_NB) < 0; // shared: others may look at the same time
	close(fd);
	snprintf(format, sizeof(format), "%%%d[^\n] %%32s %%64s", PATH_MAX - 1);
	return read_text(live_path(token), text, sizeof(text)) > 0 &&
	       sscanf(text, format, live->run_dir, live->instance, live->host) == 3;
}

bool live_released(const char *token)
{
	struct live live;
	bool locked;
	return live_read(token, &live, &locked) && !locked &&
	       manager_is(live.run_dir, live.instance);
}

bool live_uses(const uint8_t host[32], const char *own_token)
{
	char hex[65];
	bool used = false;
	to_hex(host, 32, hex);
	DIR *directory = opendir(path_of("%s/.live", knobs()->drives_dir));
	if (!directory)
		return false;
	for (struct dirent *file; !used && (file = readdir(directory));) {
		struct live live;
		bool locked;
		if (strcmp(file->d_name, own_token) == 0)
			continue;
		used = live_read(file->d_name, &live, &locked) && locked &&
		       strcmp(live.run_dir, knobs()->run_dir) == 0 && strcmp(live.host, hex) == 0;
	}
	closedir(directory);
	return used;
}
