// What the guests of tests/boot run has to do besides fleetbox itself: linked
// statically, so that a guest holds nothing else.
#define _GNU_SOURCE  // posix_openpt
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Each is the child of a process that ends before it does.
static int Orphans(int count) {
  for (int i = 0; i < count; i++) {
    const pid_t parent = fork();
    if (parent < 0) {
      perror("fork");
      return 1;
    }
    if (parent == 0) {
      if (fork() == 0) usleep(1000);
      _exit(0);
    }
    if (waitpid(parent, NULL, 0) < 0) return 1;
  }
  printf("orphaned %d\n", count);
  return 0;
}

static int CountZombies(void) {
  int zombies = 0;
  DIR* const proc = opendir("/proc");
  if (proc == NULL) return -1;
  for (struct dirent* e; (e = readdir(proc)) != NULL;) {
    char path[300], line[512];
    snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
    const int fd = e->d_name[0] > '0' && e->d_name[0] <= '9'
                       ? open(path, O_RDONLY)
                       : -1;
    if (fd < 0) continue;
    const ssize_t n = read(fd, line, sizeof line - 1);
    close(fd);
    if (n <= 0) continue;
    line[n] = '\0';
    // "12 (name) Z": the name may hold anything.
    const char* const end = strrchr(line, ')');
    if (end != NULL && end[1] == ' ' && end[2] == 'Z') zombies++;
  }
  closedir(proc);
  return zombies;
}

// What is left of them after at most a second.
static int Zombies(void) {
  int zombies = CountZombies();
  for (int i = 0; i < 100 && zombies != 0; i++) {
    usleep(10000);
    zombies = CountZombies();
  }
  printf("zombies %d\n", zombies);
  return zombies == 0 ? 0 : 1;
}

static int Terminal(void) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  struct stat s;
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
      stat(ptsname(master), &s) != 0) {
    perror("terminal");
    return 1;
  }
  printf("terminal %s group %d\n", ptsname(master), (int)s.st_gid);
  return 0;
}

// Each word is a line: "%" is a blank in it.
static int Write(int argc, char** argv) {
  FILE* const file = fopen(argv[2], "w");
  if (file == NULL) {
    perror(argv[2]);
    return 1;
  }
  for (int i = 3; i < argc; i++) {
    for (char* c = argv[i]; *c != '\0'; c++) {
      if (*c == '%') *c = ' ';
    }
    fprintf(file, "%s\n", argv[i]);
  }
  return fclose(file);
}

// In the place of process 1.
static int Succeed(void) {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  printf("successor %d blocks %d others %d\n", (int)getpid(),
         sigismember(&blocked, SIGTERM), kill(-1, 0) == 0);
  fflush(stdout);
  reboot(RB_POWER_OFF);
  return 1;
}

static int Fail(const char* what) {
  perror(what);
  sleep(1);
  return 1;
}

// What an initramfs is for: the root is on the first disk, and its init takes
// our place.
static int BringRoot(int read_only) {
  struct dirent** names;
  const int count = scandir("/modules", &names, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    char path[300];
    if (names[i]->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/modules/%s", names[i]->d_name);
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) != 0) return Fail(path);
    close(fd);
  }
  mkdir("/dev", 0755);
  mkdir("/root", 0755);
  if (mount("dev", "/dev", "devtmpfs", 0, "") != 0) return Fail("/dev");
  for (int i = 0; i < 1000 && access("/dev/vda", F_OK) != 0; i++) usleep(10000);
  if (mount("/dev/vda", "/root", "ext4", read_only ? MS_RDONLY : 0, "") != 0) {
    return Fail("/dev/vda");
  }
  umount("/dev");
  if (chdir("/root") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 ||
      chroot(".") != 0) {
    return Fail("/root");
  }
  execl("/sbin/init", "/sbin/init", NULL);
  return Fail("/sbin/init");
}

int main(int argc, char** argv) {
  const char* const what = argc > 1 ? argv[1] : "";
  if (strcmp(argv[0], "/init") == 0) {
    return BringRoot(strcmp(what, "read-only-root") == 0);
  }
  if (strcmp(what, "mount") == 0 && argc > 3) {
    return mount(argv[2], argv[3], "ext4", 0, "") == 0 ? 0 : Fail(argv[2]);
  }
  if (strcmp(what, "say") == 0 && argc > 2) {
    puts(argv[2]);
    return 0;
  }
  if (strcmp(what, "keep") == 0) {
    for (;;) pause();
  }
  if (strcmp(what, "deaf") == 0) {
    signal(SIGTERM, SIG_IGN);
    for (;;) pause();
  }
  if (strcmp(what, "orphans") == 0 && argc > 2) return Orphans(atoi(argv[2]));
  if (strcmp(what, "succeed") == 0) return Succeed();
  if (strcmp(what, "zombies") == 0) return Zombies();
  if (strcmp(what, "terminal") == 0) return Terminal();
  if (strcmp(what, "write") == 0 && argc > 2) return Write(argc, argv);
  if (strcmp(what, "signal") == 0 && argc > 3) {
    if (kill(atoi(argv[3]), atoi(argv[2])) == 0) return 0;
    perror("kill");
    return 1;
  }
  fprintf(stderr, "guest: no such thing: %s\n", what);
  return 64;
}
