/* floor COUNT PROGRAM: the least that a supervisor must do. Starts so many by
   vfork and exec, each with its number, and starts again who ends; on SIGTERM
   ends all, then itself. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMost = 100000 };
static pid_t pids[kMost];
static int count;
static char* program;
static volatile sig_atomic_t ending;

static void End(int signal) {
  ending = 1;
  for (int i = 0; i < count; i++) {
    if (pids[i] > 0) kill(pids[i], signal);
  }
}

static void Start(int i) {
  char number[16];
  snprintf(number, sizeof number, "%d", i);
  char* argv[] = {program, number, NULL};
  char* envp[] = {NULL};
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
  if (argc != 3) return 64;
  count = atoi(argv[1]);
  program = argv[2];
  if (count < 1 || count > kMost) return 64;
  /* Interrupts nothing: those whom it ends wake the wait. */
  struct sigaction action = {.sa_handler = End, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, NULL);
  for (int i = 0; i < count; i++) Start(i);
  for (pid_t ended; (ended = waitpid(-1, NULL, 0)) > 0;) StartAgain(ended);
  return 0;
}
