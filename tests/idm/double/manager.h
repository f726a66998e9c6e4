/*
 * The manager of one host, as its run directory describes it:
 *   instance   32 hex digits: the manager runs, as this instance
 *   main.sock  a socket that a manager which does not run any more has left behind
 */
#ifndef MANAGER_H
#define MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#define INSTANCE_TEXT 33

/* 0 and its instance, or why one cannot connect to it: -ENOENT or -ECONNREFUSED. */
int manager_instance(char text[INSTANCE_TEXT]);

/* Does the manager of that run directory run as that instance? */
bool manager_is(const char *run_dir, const char *instance);

/*
 * Memberships on drives name their connection by a token: a file in the directory `.live` among the
 * drives, locked by the process that has the connection. When the process has died, the manager,
 * if it is still the same, has released what it held; without the file, leases run out.
 */
#define TOKEN_LEN 32

/* Makes the file; the descriptor keeps it locked. Negative errno if that fails. */
int live_open(const char *instance, const uint8_t host[32], char token[TOKEN_LEN]);
/* Notes that the connection uses this host id now. */
void live_rename(int fd, const char *instance, const uint8_t host[32]);
void live_forget(int fd, const char *token);
/* Has the connection ended in such a way that its locks are released? */
bool live_released(const char *token);
/* Does another connection of this host use that id? */
bool live_uses(const uint8_t host[32], const char *own_token);

#endif
