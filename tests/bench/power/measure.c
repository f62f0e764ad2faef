// measure WORD COUNT STOP COMMAND...: runs it, and prints in one line: seconds,
// seconds of processor time, kilobytes of memory at most (of it and of those it
// waited for), lines of its output with WORD in them, seconds until COUNT of
// those had come (-1: never), exit code. With STOP of 1 all of it is killed when they
// have come. Small, as a child begins with the memory of its parent.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc < 5) return 64;
  const long wanted = atol(argv[2]);
  const int stop = atoi(argv[3]);
  int out[2];
  if (pipe(out) != 0) return 71;
  const double start = now();
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(out[1], 1);
    close(out[0]);
    close(out[1]);
    setpgid(0, 0);
    alarm(300);  // nothing that is measured takes so long
    execvp(argv[4], argv + 4);
    perror(argv[4]);
    _exit(127);
  }
  close(out[1]);
  FILE *lines = fdopen(out[0], "r");
  char *line = NULL;
  size_t size = 0;
  long count = 0;
  double reached = -1;
  while (getline(&line, &size, lines) > 0) {
    if (strstr(line, argv[1]) == NULL || ++count != wanted) continue;
    reached = now() - start;
    if (stop) kill(-pid, SIGKILL);
  }
  int status = 0;
  struct rusage used;
  wait4(pid, &status, 0, &used);
  printf("%f %f %ld %ld %f %d\n", now() - start,
         used.ru_utime.tv_sec + used.ru_stime.tv_sec +
             (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
         used.ru_maxrss, count, reached,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
