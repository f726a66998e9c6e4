/*
 * What differs between processors: system calls, the entry from the kernel and the jump into a
 * program. Included by launcher.c alone.
 */
#if defined(__x86_64__)

#define OUR_MACHINE EM_X86_64

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

/* The kernel starts a program here: the stack pointer is the only argument. */
__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call launch\n"
        "  hlt\n");

static inline _Noreturn void enter(unsigned long program, void *stack) {
  __asm__ volatile("mov %1, %%rsp\n"
                   "xor %%edx, %%edx\n"
                   "xor %%ebp, %%ebp\n"
                   "jmp *%0\n"
                   :
                   : "a"(program), "c"(stack)
                   : "memory");
  __builtin_unreachable();
}

#elif defined(__aarch64__)

#define OUR_MACHINE EM_AARCH64

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}

__asm__(".globl _start\n"
        "_start:\n"
        "  mov x29, #0\n"
        "  mov x30, #0\n"
        "  mov x0, sp\n"
        "  bl launch\n"
        "  brk #0\n");

static inline _Noreturn void enter(unsigned long program, void *stack) {
  register unsigned long x16 __asm__("x16") = program;
  register void *x17 __asm__("x17") = stack;
  __asm__ volatile("mov sp, x17\n"
                   "mov x0, #0\n"
                   "mov x29, #0\n"
                   "mov x30, #0\n"
                   "br x16\n"
                   :
                   : "r"(x16), "r"(x17)
                   : "memory");
  __builtin_unreachable();
}

#else
#error "The launcher knows x86_64 and aarch64"
#endif
