/* Whether the manager of a host runs, and which instance of it. */
#include "manager.h"

#include "knobs.h"

#include <errno.h>
#include <string.h>

static bool instance_in(const char *run_dir, char text[INSTANCE_TEXT])
{
	return read_text(path_of("%s/instance", run_dir), text, INSTANCE_TEXT) == 32;
}

int manager_instance(char text[INSTANCE_TEXT])
{
	const char *run_dir = knobs()->run_dir;
	if (instance_in(run_dir, text))
		return 0;
	return file_exists(path_of("%s/main.sock", run_dir)) ? -ECONNREFUSED : -ENOENT;
}

bool manager_is(const char *run_dir, const char *instance)
{
	char text[INSTANCE_TEXT];
	return instance_in(run_dir, text) && strcmp(text, instance) == 0;
}
