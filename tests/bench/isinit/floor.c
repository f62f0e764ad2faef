/* floor COUNT PROGRAM [FOLDER]: the least that a supervisor must do. Starts so
   many by vfork and exec, each with its number, and starts again who ends; on
   SIGTERM ends all, then itself. With a folder in the tree of cgroups, each has
   a cgroup of its own in that: the least of one that knows whose child is
   whose. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMost = 100000 };
static pid_t pids[kMost];
static int count;
static char *program, *folder;
static volatile sig_atomic_t ending;

static void End(int signal) {
  ending = 1;
  for (int i = 0; i < count; i++) {
    if (pids[i] > 0) kill(pids[i], signal);
  }
}

static void Place(int i, char path[static 512]) {
  snprintf(path, 512, "%s/%d", folder, i);
}

/* As vfork, on our stack: nothing of ours runs before the child has become its
   program. */
static inline __attribute__((always_inline)) long StartIn(int cgroup) {
  struct clone_args args;
  memset(&args, 0, sizeof args);
  args.flags = CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP;
  args.exit_signal = SIGCHLD;
  args.cgroup = cgroup;
  long got;
  __asm__ volatile("syscall"
                   : "=a"(got)
                   : "a"(SYS_clone3), "D"(&args), "S"(sizeof args)
                   : "rcx", "r11", "memory");
  return got;
}

static void StartInPlace(int i, char** argv, char** envp) {
  char path[512];
  Place(i, path);
  mkdir(path, 0755);
  const int cgroup = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  const long pid = StartIn(cgroup);
  if (pid == 0) {
    execve(program, argv, envp);
    _exit(127);
  }
  if (pid < 0) exit(69);
  pids[i] = pid;
  close(cgroup);
}

static void Start(int i) {
  char number[16];
  snprintf(number, sizeof number, "%d", i);
  char* argv[] = {program, number, NULL};
  char* envp[] = {NULL};
  if (folder != NULL) {
    StartInPlace(i, argv, envp);
    return;
  }
  pids[i] = vfork();
  if (pids[i] == 0) {
    execve(program, argv, envp);
    _exit(127);
  }
}

static void StartAgain(pid_t ended) {
  for (int i = 0; i < count; i++) {
    if (pids[i] != ended) continue;
    pids[i] = 0;
    if (!ending) Start(i);
    return;
  }
}

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) return 64;
  count = atoi(argv[1]);
  program = argv[2];
  if (count < 1 || count > kMost) return 64;
  folder = argv[3];
  if (folder != NULL && mkdir(folder, 0755) != 0) return 69;
  /* Interrupts nothing: those whom it ends wake the wait. */
  struct sigaction action = {.sa_handler = End, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, NULL);
  for (int i = 0; i < count; i++) Start(i);
  for (pid_t ended; (ended = waitpid(-1, NULL, 0)) > 0;) StartAgain(ended);
  if (folder == NULL) return 0;
  for (int i = 0; i < count; i++) {
    char path[512];
    Place(i, path);
    rmdir(path);
  }
  rmdir(folder);
  return 0;
}
