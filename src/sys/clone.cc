#include "sys/clone.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

// The C library's clone under its other name: ThreadSanitizer puts a function
// of its own before `clone`, which takes the child for a fork and lets go of
// its locks twice when the two share their memory.
extern "C" int __clone(int (*f)(void*), void* stack_top, int flags, void* arg,
                       int* pidfd);

// The sanitizers would take the child's frames, which never end, for ours.
#define NOT_SANITIZED \
  __attribute__((no_sanitize("address", "thread", "undefined")))

namespace sys {
namespace {

constexpr size_t kStackBytes = 16 << 10;

// No C library has this call. -1 when it must be done in the other way.
NOT_SANITIZED __attribute__((noinline)) int CloneInto(
    int (*f)(void*), void* argument, uint64_t flags, int cgroup,
    bool* in_cgroup, int* pidfd) {
#if defined(__x86_64__)
  static constinit std::atomic<bool> unknown = false;
  if (unknown.load(std::memory_order_relaxed)) return -1;
  alignas(16) char stack[kStackBytes];
  clone_args args = {};
  args.flags = flags | CLONE_INTO_CGROUP;
  args.exit_signal = SIGCHLD;
  args.pidfd = reinterpret_cast<uint64_t>(pidfd);
  args.stack = reinterpret_cast<uint64_t>(stack);
  args.stack_size = sizeof stack;
  args.cgroup = static_cast<uint64_t>(cgroup);
  *in_cgroup = true;
  register int (*function)(void*) asm("r8") = f;
  register void* its_argument asm("r9") = argument;
  long pid;
  // Its own stack is empty: nothing may be looked for in this frame any more.
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "ud2\n"
      "1:"
      : "=a"(pid)
      : "a"(SYS_clone3), "D"(&args), "S"(sizeof args), "r"(function),
        "r"(its_argument)
      : "rcx", "r11", "memory");
  if (pid > 0) return static_cast<int>(pid);
  *in_cgroup = false;
  // A kernel that has no such call, or a filter that does not know it.
  if (pid == -ENOSYS || pid == -EINVAL || pid == -E2BIG || pid == -EPERM) {
    unknown.store(true, std::memory_order_relaxed);
  }
#else
  (void)f, (void)argument, (void)flags, (void)cgroup, (void)in_cgroup,
      (void)pidfd;
#endif
  return -1;
}

}  // namespace

// The stack is in this frame, which stays while our thread stands still.
NOT_SANITIZED __attribute__((noinline)) int Clone(int (*f)(void*),
                                                  void* argument,
                                                  bool share_descriptors,
                                                  int cgroup, bool* in_cgroup,
                                                  int* pidfd) {
  const int flags = CLONE_VM | CLONE_VFORK |
                    (pidfd != nullptr ? CLONE_PIDFD : 0) |
                    (share_descriptors ? CLONE_FILES : 0);
  *in_cgroup = false;
  if (cgroup >= 0) {
    const int pid = CloneInto(f, argument, static_cast<uint64_t>(flags), cgroup,
                              in_cgroup, pidfd);
    if (pid > 0) return pid;
  }
  alignas(16) char stack[kStackBytes];
  return __clone(f, stack + sizeof stack, flags | SIGCHLD, argument, pidfd);
}

}  // namespace sys
