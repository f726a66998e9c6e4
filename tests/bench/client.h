/*
 * What the load generators have in common: sockets, the samples of a run, and its report in one line
 * of JSON. Included by load.c and http_load.c, each of which defines PROGRAM, its name.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint32_t *samples;       /* nanoseconds, of answered requests after the warm-up */
static size_t sample_count = 0, sample_room = 0;
static uint64_t issued = 0, measure_from_ns, stop_ns;

static void fail(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs(PROGRAM ": ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		fail("socket path too long: %s", path);
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

static void note(uint64_t sent, uint64_t now)
{
	if (sent < measure_from_ns)
		return;
	if (sample_count == sample_room) {
		sample_room = sample_room ? sample_room * 2 : 1 << 20;
		samples = realloc(samples, sample_room * sizeof *samples);
		if (!samples)
			fail("out of memory");
	}
	uint64_t took = now - sent;
	samples[sample_count++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static double quantile_us(double q)
{
	size_t i = (size_t)(q * (double)sample_count);
	return samples[i < sample_count ? i : sample_count - 1] / 1000.0;
}

static double cpu_seconds(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void report(const char *work, int connections, double took)
{
	if (!sample_count)
		fail("nothing was measured");
	qsort(samples, sample_count, sizeof *samples, by_value);
	printf("{\"work\":\"%s\",\"connections\":%d,\"total\":%llu,\"requests\":%zu,\"seconds\":%.3f,"
		"\"requestsPerSecond\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f,"
		"\"loadCpuSeconds\":%.3f}\n",
		work, connections, (unsigned long long)issued, sample_count, took,
		(double)sample_count / took,
		quantile_us(0.5), quantile_us(0.9), quantile_us(0.99), quantile_us(1),
		cpu_seconds());
}
