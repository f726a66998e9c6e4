/*
 * The launcher: the front part of the one executable, before the Deno executable and our program.
 *
 * It checks that the file is complete and undamaged, then does what the kernel does for a program:
 * maps Deno's segments out of this very file, and the dynamic loader that Deno names, and jumps
 * there with a new argument list. Nothing is written or copied: Deno's pages are pages of this file,
 * shared between processes, and the process keeps its name and /proc/self/exe.
 *
 * It runs without a C library, which has its own idea of threads that would be in Deno's way.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "arch.h"

#define LANES 8
#define MAX_ARGUMENTS 32
/* What is read at a time; and how much of a program its headers are looked for in. */
#define BLOCK 0x40000UL
#define HEADERS 0x1000UL

/* Where things are in this file. The build finds it by its first bytes and fills in the rest. */
static volatile struct {
  char magic[16];
  uint64_t file_size;
  uint64_t deno_at, deno_size;
  uint64_t arguments_at, arguments_size; /* for Deno, before our own: each ends with a NUL */
  uint32_t sums[2 * LANES];
} payload = {.magic = "LVMLOCKD PAYLOAD"};

/* Deno's own settings. Our program takes them out again, so that no child sees them. */
static const char *const deno_variables[] = {
    "DENO_DIR=/dev/null/none", "DENO_NO_UPDATE_CHECK=1", "DENO_NO_PROMPT=1",
    "DENO_NO_PACKAGE_JSON=1", "DENO_CACHE_DB_MODE=disabled",
};

/* Variables that could change what Deno loads or runs. LD_* and locale belong to the system. */
static const char *const refused[] = {
    "DENO_", "NODE_", "NPM_CONFIG_", "npm_config_", "JSR_", "OTEL_", "RUST_", "MIMALLOC_", "UV_",
};
/* They are kept under this prefix for the programs that we run. */
static const char kept[] = "LVMLOCKD_KEPT_";

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *program = "lvmlockd";

void *memcpy(void *to, const void *from, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = (char)byte;
  return to;
}

static size_t length(const char *text) {
  size_t n = 0;
  while (text[n]) n++;
  return n;
}

static int starts_with(const char *text, const char *start) {
  while (*start)
    if (*text++ != *start++) return 0;
  return 1;
}

static void say(const char *text) { call6(SYS_write, 2, (long)text, length(text), 0, 0, 0); }

static void say_number(uint64_t number) {
  char digits[24];
  char *at = digits + sizeof(digits) - 1;
  *at = 0;
  do *--at = (char)('0' + number % 10);
  while (number /= 10);
  say(at);
}

static _Noreturn void quit(void) {
  call6(SYS_exit_group, 1, 0, 0, 0, 0, 0);
  __builtin_unreachable();
}

static void say_what(const char *what) {
  say(program);
  say(": ");
  say(what);
}

/* Ends with "lvmlockd: WHAT (errno N)"; error is the negative result of a system call, or 0. */
static _Noreturn void fail(const char *what, long error) {
  say_what(what);
  if (error < 0) {
    say(" (errno ");
    say_number((uint64_t)-error);
    say(")");
  }
  say("\n");
  quit();
}

static _Noreturn void damaged(uint64_t size) {
  say_what("this executable is damaged: ");
  if (size == payload.file_size) {
    say("its checksum is wrong");
  } else {
    say("it has ");
    say_number(size);
    say(" bytes instead of ");
    say_number(payload.file_size);
  }
  say("; install it again\n");
  quit();
}

/* Opens a file under a number above the standard streams, whether those are open or not. */
static int open_high(long fd) {
  if (fd < 0 || fd > 2) return (int)fd;
  long high = call6(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3, 0, 0, 0);
  call6(SYS_close, fd, 0, 0, 0, 0, 0);
  return (int)high;
}

static void *map(unsigned long at, size_t size, int protection, int flags, int fd, uint64_t offset) {
  return (void *)call6(SYS_mmap, (long)at, size, protection, flags, fd, offset);
}

static int is_error(const void *result) { return (unsigned long)result > -4096UL; }

/*
 * Eight interleaved Fletcher sums of 32 bit words. They find damage, at the speed of memory; against
 * somebody who may write the file no checksum in it could help.
 */
typedef uint32_t lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

static void add_up(const lanes *words, size_t count, lanes *first, lanes *second) {
  lanes a = *first, b = *second; /* registers */
  for (size_t i = 0; i < count; i++) {
    a += words[i];
    b += a;
  }
  *first = a;
  *second = b;
}

/* Reads exactly that much of a file. Reading leaves no memory behind, as a mapping would. */
static void read_at(int fd, void *to, size_t size, uint64_t offset) {
  for (size_t got = 0; got < size;) {
    long length = call6(SYS_pread64, fd, (long)to + got, size - got, offset + got, 0, 0);
    if (length == -EINTR) continue;
    if (length < 0) fail("cannot read its own file", length);
    if (length == 0) fail("its own file ends early", 0);
    got += length;
  }
}

static void verify(int fd) {
  static lanes words[BLOCK / sizeof(lanes)];
  lanes a = {0}, b = {0};
  for (uint64_t at = payload.deno_at; at < payload.file_size;) {
    size_t size = payload.file_size - at < BLOCK ? payload.file_size - at : BLOCK;
    read_at(fd, words, size, at);
    add_up(words, size / sizeof(lanes), &a, &b);
    at += size;
  }
  for (int lane = 0; lane < LANES; lane++)
    if (a[lane] != payload.sums[lane] || b[lane] != payload.sums[LANES + lane])
      damaged(payload.file_size);
}

struct image {
  unsigned long entry, headers, base;
  unsigned long header_count;
  const char *loader;
};

static int protection_of(const Elf64_Phdr *segment) {
  return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
         (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Maps one segment: its part in the file, then what is zero. */
static void map_segment(const Elf64_Phdr *segment, unsigned long base, int fd, uint64_t offset,
                        unsigned long page) {
  unsigned long start = base + segment->p_vaddr;
  unsigned long skip = start & (page - 1);
  unsigned long file_end = start + segment->p_filesz;
  unsigned long end = start + segment->p_memsz;
  unsigned long file_pages = (file_end + page - 1) & -page;
  int protection = protection_of(segment);
  void *at = map(start - skip, segment->p_filesz + skip, protection, MAP_PRIVATE | MAP_FIXED, fd,
                 offset + segment->p_offset - skip);
  if (is_error(at)) fail("cannot map Deno", (long)at);
  if (end <= file_end) return;
  if (protection & PROT_WRITE) memset((void *)file_end, 0, file_pages - file_end);
  if (end <= file_pages) return;
  at = map(file_pages, end - file_pages, protection, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
  if (is_error(at)) fail("cannot map Deno's memory", (long)at);
}

/* Maps the program at `offset` of the file `fd` to a free place. `file` gets its first bytes. */
static struct image map_image(char file[HEADERS], int fd, uint64_t offset, unsigned long page) {
  read_at(fd, file, HEADERS, offset);
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
  const Elf64_Phdr *segments = (const Elf64_Phdr *)(file + header->e_phoff);
  if (!starts_with(file, ELFMAG) || header->e_machine != OUR_MACHINE || header->e_type != ET_DYN)
    fail("Deno or the dynamic loader is no program for this machine", 0);
  if (header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr) > HEADERS)
    fail("Deno or the dynamic loader is of an unknown form", 0);
  unsigned long size = 0;
  for (int i = 0; i < header->e_phnum; i++)
    if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr + segments[i].p_memsz > size)
      size = segments[i].p_vaddr + segments[i].p_memsz;
  void *place = map(0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (is_error(place)) fail("no room for Deno", (long)place);
  struct image image = {.base = (unsigned long)place, .header_count = header->e_phnum};
  image.entry = image.base + header->e_entry;
  image.headers = image.base + header->e_phoff;
  for (int i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type == PT_LOAD) map_segment(&segments[i], image.base, fd, offset, page);
    if (segments[i].p_type == PT_INTERP && segments[i].p_offset + segments[i].p_filesz <= HEADERS)
      image.loader = file + segments[i].p_offset;
  }
  return image;
}

/* Maps the system's dynamic loader. */
static struct image map_loader(const char *path, unsigned long page) {
  static char headers[HEADERS] __attribute__((aligned(16)));
  int fd = open_high(call6(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0));
  if (fd < 0) {
    say_what("this system has no ");
    say(path);
    say(": a system with glibc is needed\n");
    quit();
  }
  struct image image = map_image(headers, fd, 0, page);
  call6(SYS_close, fd, 0, 0, 0, 0, 0);
  return image;
}

static int is_refused(const char *variable) {
  for (size_t i = 0; i < COUNT(refused); i++)
    if (starts_with(variable, refused[i])) return 1;
  return 0;
}

static void set(Elf64_auxv_t *entry, unsigned long value) { entry->a_un.a_val = value; }

/* The last part of the stack that a program starts with: what the kernel tells the loader. */
static void **copy_auxiliary(Elf64_auxv_t *from, void **to, const struct image *deno,
                             const struct image *loader) {
  Elf64_auxv_t *entry = (Elf64_auxv_t *)to;
  for (;; from++, entry++) {
    *entry = *from;
    if (from->a_type == AT_PHDR) set(entry, deno->headers);
    if (from->a_type == AT_PHNUM) set(entry, deno->header_count);
    if (from->a_type == AT_ENTRY) set(entry, deno->entry);
    if (from->a_type == AT_BASE) set(entry, loader->base);
    if (from->a_type == AT_NULL) return (void **)(entry + 1);
  }
}

/* Size in bytes of the memory for variables under another name. */
static size_t kept_size(char **variables) {
  size_t size = 1;
  for (; *variables; variables++)
    if (is_refused(*variables)) size += length(*variables) + sizeof(kept);
  return size;
}

static void **copy_variables(char **variables, void **to, char *space) {
  for (; *variables; variables++) {
    if (!is_refused(*variables)) {
      *to++ = *variables;
      continue;
    }
    *to++ = space;
    memcpy(space, kept, sizeof(kept) - 1);
    space += sizeof(kept) - 1;
    size_t size = length(*variables) + 1;
    memcpy(space, *variables, size);
    space += size;
  }
  for (size_t i = 0; i < COUNT(deno_variables); i++) *to++ = (void *)deno_variables[i];
  *to++ = 0;
  return to;
}

/* Our own name, Deno's arguments, which end at `end`, then the rest of ours. */
static void **copy_arguments(char **arguments, void **to, char *for_deno, const char *end) {
  *to++ = *arguments++;
  for (; for_deno < end; for_deno += length(for_deno) + 1) *to++ = for_deno;
  while (*arguments) *to++ = *arguments++;
  *to++ = 0;
  return to;
}

static const char *base_name(const char *path) {
  const char *name = path;
  for (; *path; path++)
    if (*path == '/' && path[1]) name = path + 1;
  return name;
}

static int equals(const char *a, const char *b) { return starts_with(a, b) && !a[length(b)]; }

/* What ps shows is the daemon's name for the daemon alone: it is stopped by that name. */
static void name_process(long argument_count, char **arguments) {
  if (argument_count < 1) fail("called without a name", 0);
  program = base_name(arguments[0]);
  if (argument_count > 1 && equals(arguments[1], "ctl")) program = "lvmlockctl";
  call6(SYS_prctl, PR_SET_NAME, (long)program, 0, 0, 0, 0);
}

static int open_self(void) {
  long self = call6(SYS_openat, AT_FDCWD, (long)"/proc/self/exe", O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (self < 0) fail("cannot read /proc/self/exe: is /proc mounted?", self);
  struct stat status;
  long error = call6(SYS_fstat, self, (long)&status, 0, 0, 0, 0);
  if (error < 0) fail("cannot look at its own file", error);
  if ((uint64_t)status.st_size != payload.file_size) damaged(status.st_size);
  return open_high(self);
}

/* Called with the stack that the kernel made: argc, arguments, 0, variables, 0, auxiliary vector. */
__attribute__((used)) _Noreturn void launch(long *stack) {
  char **arguments = (char **)(stack + 1);
  char **variables = arguments + stack[0] + 1;
  void **end = (void **)variables;
  while (*end) end++;
  Elf64_auxv_t *auxiliary = (Elf64_auxv_t *)(end + 1);
  unsigned long page = 4096, words = end - (void **)stack + MAX_ARGUMENTS + COUNT(deno_variables);
  for (Elf64_auxv_t *entry = auxiliary; entry->a_type != AT_NULL; entry++, words += 2)
    if (entry->a_type == AT_PAGESZ) page = entry->a_un.a_val;
  name_process(stack[0], arguments);

  int fd = open_self();
  verify(fd);
  static char headers[HEADERS] __attribute__((aligned(16)));
  struct image deno = map_image(headers, fd, payload.deno_at, page);
  if (!deno.loader) fail("Deno names no dynamic loader", 0);
  struct image loader = map_loader(deno.loader, page);
  char *for_deno = __builtin_alloca(payload.arguments_size);
  read_at(fd, for_deno, payload.arguments_size, payload.arguments_at);
  call6(SYS_close, fd, 0, 0, 0, 0, 0);

  char *space = __builtin_alloca(kept_size(variables));
  void **fresh = __builtin_alloca((words + 8) * sizeof(void *) + 16);
  fresh = (void **)(((unsigned long)fresh + 15) & -16UL);
  void **next = copy_arguments(arguments, fresh + 1, for_deno, for_deno + payload.arguments_size);
  *(long *)fresh = next - fresh - 2;
  next = copy_variables(variables, next, space);
  copy_auxiliary(auxiliary, next, &deno, &loader);
  enter(loader.entry, fresh);
}
