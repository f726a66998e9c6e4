/*
 * A program in C that hosts the lock table: one VG, three clients, a lock manager that always agrees.
 * docs/EMBEDDING.md says how it is built, and what the records mean.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "lock_table.h"

enum { KIND, CLIENT, REQUEST, OP, RESOURCE, MODE, FLAGS, LOCK_TYPE, RESULT, CALL = 13, SERVED = 31, LENGTHS = 33 };
enum { REQUESTED = 1, CLIENT_GONE, LM_DONE = 4, CONFIGURE = 9 }; /* inputs */
enum { REPLY = 1, LM_CALL };                                     /* effects */
enum { START = 5, LOCK = 7, LM_FORGET = 7, VG = 2, LV = 3, SH = 2, EX = 3, DLM = 2 };
enum { RECORD = 768, NOW = 176, TEXTS = 192, TEXT = 64, VG_NAME = 0, LV_UUID = 4 };

static Z_lock_table_instance_t table;

void Z_envZ_abort(struct Z_env_instance_t *env, u32 text, u32 file, u32 line, u32 column) {
  (void)env, (void)text, (void)file;
  fprintf(stderr, "the table stopped at %u:%u\n", line, column);
}

static unsigned char *memory(u32 at) { return Z_lock_tableZ_memory(&table)->data + at; }
static int get(const unsigned char *record, int field) {
  int value;
  memcpy(&value, record + 4 * field, 4);
  return value;
}
static void set(int field, int value) {
  memcpy(memory(Z_lock_tableZ_inbox(&table)) + 4 * field, &value, 4);
}
static void set_text(int slot, const char *text) {
  memcpy(memory(Z_lock_tableZ_inbox(&table)) + TEXTS + TEXT * slot, text, strlen(text));
  set(LENGTHS + slot, (int)strlen(text));
}
static void begin(int kind) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  double now = t.tv_sec * 1e3 + t.tv_nsec / 1e6;
  unsigned char *record = memory(Z_lock_tableZ_inbox(&table));
  memset(record, 0, RECORD);
  memcpy(record + NOW, &now, 8);
  set(KIND, kind);
}

/* Hands the input over and performs its effects, in order. Effects last until the next input. */
static void submit(void) {
  u32 count = Z_lock_tableZ_submit(&table);
  unsigned char effects[count * RECORD + 1];
  memcpy(effects, memory(Z_lock_tableZ_outbox(&table)), count * RECORD);
  for (unsigned char *e = effects; e < effects + count * RECORD; e += RECORD) {
    if (get(e, KIND) == REPLY) {
      printf("client %d request %d: %d\n", get(e, CLIENT), get(e, REQUEST), get(e, RESULT));
    } else if (get(e, KIND) == LM_CALL && get(e, OP) != LM_FORGET) {
      begin(LM_DONE); /* a real lock manager is asked here, and may answer later */
      set(CALL, get(e, CALL));
      submit();
    }
  }
}

static void request(int client, int id, int op, int resource, int mode, const char *lv) {
  begin(REQUESTED);
  set(CLIENT, client), set(REQUEST, id), set(OP, op), set(RESOURCE, resource), set(MODE, mode);
  set(LOCK_TYPE, DLM);
  set_text(VG_NAME, "vg0"), set_text(LV_UUID, lv);
  submit();
}

static void gone(int client) {
  printf("client %d ends\n", client);
  begin(CLIENT_GONE), set(CLIENT, client), submit();
}

int main(void) {
  wasm_rt_init();
  Z_lock_table_init_module();
  Z_lock_table_instantiate(&table, NULL);
  begin(CONFIGURE), set(SERVED, 1 << DLM), submit();
  request(1, 1, START, VG, 0, "");
  request(1, 2, LOCK, VG, SH, "");
  request(2, 3, LOCK, VG, SH, "");     /* shared */
  request(3, 4, LOCK, LV, EX, "lv-1"); /* another resource */
  request(3, 5, LOCK, VG, EX, "");     /* waits for clients 1 and 2 */
  gone(1), gone(2);
  request(4, 6, LOCK, LV, SH, "lv-1"); /* waits for client 3 */
  gone(3);
  Z_lock_tableZ_check(&table);
  return 0;
}
