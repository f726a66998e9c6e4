/* The environment, read once, and the small helpers for time and files. */
#include "knobs.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct knobs values;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *text_of(const char *name, const char *otherwise)
{
	const char *text = getenv(name);
	return text && *text ? text : otherwise;
}

static int64_t time_of(const char *name, int64_t real_ms)
{
	const char *text = getenv(name);
	int64_t ms = text && *text ? atoll(text) : real_ms / values.scale;
	return ms > 0 ? ms : 1;
}

static void read_environment(void)
{
	values.run_dir = strdup(text_of("ILM_RUN_DIR", "/run/seagate_ilm"));
	values.drives_dir = strdup(text_of("ILM_DOUBLE_DRIVES", "/nonexistent"));
	values.scale = atoi(text_of("ILM_DOUBLE_SCALE", "1"));
	if (values.scale < 1)
		values.scale = 1;
	values.window_ms = time_of("ILM_DOUBLE_WINDOW_MS", 5000);
	values.renew_ms = time_of("ILM_DOUBLE_RENEW_MS", 1000);
	values.quiescent_ms = time_of("ILM_DOUBLE_QUIESCENT_MS", 50000);
	values.emulation = strcmp(text_of("ILM_DOUBLE_KIND", "firmware"), "emulation") == 0;
	const char *value = text_of("ILM_DOUBLE_LVB", values.emulation ? "lost" : "kept");
	values.keep_value = strcmp(value, "kept") == 0;
}

const struct knobs *knobs(void)
{
	pthread_once(&once, read_environment);
	return &values;
}

int64_t scaled_lease(int timeout_ms)
{
	const char *fixed = getenv("ILM_DOUBLE_LEASE_MS");
	if (timeout_ms < 0)
		return -1;
	return fixed && *fixed ? atoll(fixed) : timeout_ms / knobs()->scale;
}

int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sleep_ms(int64_t ms)
{
	struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	while (nanosleep(&rest, &rest) < 0)
		;
}

const char *path_of(const char *format, ...)
{
	static _Thread_local char buffers[3][PATH_MAX];
	static _Thread_local int next;
	char *buffer = buffers[next++ % 3];
	va_list list;
	va_start(list, format);
	vsnprintf(buffer, PATH_MAX, format, list);
	va_end(list);
	return buffer;
}

int read_text(const char *path, char *text, int size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int length = read(fd, text, size - 1);
	close(fd);
	if (length < 0)
		return -1;
	text[length] = 0;
	return length;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int number_in(const char *path)
{
	char text[32];
	return read_text(path, text, sizeof(text)) > 0 ? atoi(text) : 0;
}

void to_hex(const void *bytes, int count, char *text)
{
	const uint8_t *from = bytes;
	for (int i = 0; i < count; i++)
		sprintf(text + 2 * i, "%02x", from[i]);
}
