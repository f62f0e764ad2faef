// What the machine allows: so many conversations side by side, each of so many
// round trips, with an echo that does nothing.
//
//   exchange serve PORT DELAY        UDP and TCP on 127.0.0.1; answers come
//                                    DELAY milliseconds later; says "ready"
//   exchange udp PORT COUNT ROUNDS BYTES    one socket, as ours has
//   exchange tcp PORT COUNT ROUNDS BYTES    a connection each
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kMost = 65536, kBytes = 2048 };

struct held {  // an answer that is not due yet
  double due;
  struct sockaddr_in to;
  int size;
  char bytes[kBytes];
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void need(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(71);
}

static struct sockaddr_in address(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

static int udp_socket(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const int size = 8 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  return fd;
}

static void watch(int loop, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  need(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void echo_datagrams(int udp, struct held *ring, int *last, int delay) {
  struct held *h;
  while (1) {
    h = &ring[*last % kMost];
    socklen_t size = sizeof h->to;
    h->size = recvfrom(udp, h->bytes, kBytes, 0, (void *)&h->to, &size);
    if (h->size < 0) return;
    h->due = now() + delay;
    if (delay > 0) {
      ++*last;
    } else {
      sendto(udp, h->bytes, h->size, 0, (void *)&h->to, sizeof h->to);
    }
  }
}

_Noreturn static void serve(int port, int delay) {
  struct sockaddr_in a = address(port);
  const int udp = udp_socket(), on = 1;
  const int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  need(bind(udp, (void *)&a, sizeof a) == 0, "bind");
  need(bind(tcp, (void *)&a, sizeof a) == 0, "bind");
  need(listen(tcp, 4096) == 0, "listen");
  const int loop = epoll_create1(0);
  watch(loop, udp);
  watch(loop, tcp);
  puts("ready");
  fflush(stdout);
  struct held *ring = calloc(kMost, sizeof *ring);
  int first = 0, last = 0;
  while (1) {
    int pause = -1;
    if (first != last) {
      const double left = ring[first % kMost].due - now();
      pause = left <= 0 ? 0 : (int)left + 1;
    }
    struct epoll_event events[256];
    const int n = epoll_wait(loop, events, 256, pause);
    for (; first != last && ring[first % kMost].due <= now(); ++first) {
      struct held *h = &ring[first % kMost];
      sendto(udp, h->bytes, h->size, 0, (void *)&h->to, sizeof h->to);
    }
    for (int i = 0; i < n; ++i) {
      const int fd = events[i].data.fd;
      if (fd == udp) {
        echo_datagrams(udp, ring, &last, delay);
      } else if (fd == tcp) {
        const int caller = accept4(tcp, NULL, NULL, SOCK_NONBLOCK);
        if (caller < 0) continue;
        setsockopt(caller, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(loop, caller);
      } else {
        char bytes[kBytes];
        const int size = read(fd, bytes, sizeof bytes);
        if (size <= 0 || write(fd, bytes, size) != size) close(fd);
      }
    }
  }
}

static int ask_udp(int port, int count, int rounds, int bytes) {
  struct sockaddr_in a = address(port);
  const int udp = udp_socket();
  need(connect(udp, (void *)&a, sizeof a) == 0, "connect");
  const int loop = epoll_create1(0);
  watch(loop, udp);
  int *done = calloc(count, sizeof *done);
  char text[kBytes] = {0};
  for (int i = 0; i < count; ++i) {
    memcpy(text, &i, sizeof i);
    need(send(udp, text, bytes, 0) == bytes, "send");
  }
  for (int left = count; left > 0;) {
    struct epoll_event event;
    need(epoll_wait(loop, &event, 1, 5000) == 1, "an answer was lost");
    while (recv(udp, text, sizeof text, 0) > 0) {
      int i;
      memcpy(&i, text, sizeof i);
      if (++done[i] == rounds) {
        --left;
      } else {
        need(send(udp, text, bytes, 0) == bytes, "send");
      }
    }
  }
  return 0;
}

static int ask_tcp(int port, int count, int rounds, int bytes) {
  struct sockaddr_in a = address(port);
  const int loop = epoll_create1(0), on = 1;
  int done[kMost] = {0}, got[kMost] = {0};
  char text[kBytes] = {0};
  for (int i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    need(fd < kMost && connect(fd, (void *)&a, sizeof a) == 0, "connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(loop, fd);
    need(write(fd, text, bytes) == bytes, "write");
  }
  for (int left = count; left > 0;) {
    struct epoll_event events[256];
    const int n = epoll_wait(loop, events, 256, 5000);
    need(n > 0, "an answer was lost");
    for (int i = 0; i < n; ++i) {
      const int fd = events[i].data.fd;
      got[fd] += read(fd, text, sizeof text);
      if (got[fd] < bytes) continue;
      got[fd] = 0;
      if (++done[fd] < rounds) {
        need(write(fd, text, bytes) == bytes, "write");
      } else {
        close(fd);
        --left;
      }
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
  if (argc == 4 && strcmp(argv[1], "serve") == 0) {
    serve(atoi(argv[2]), atoi(argv[3]));
  }
  if (argc != 6) return 64;
  const int port = atoi(argv[2]), count = atoi(argv[3]);
  const int rounds = atoi(argv[4]), bytes = atoi(argv[5]);
  if (bytes < 4 || bytes > kBytes || count > kMost) return 64;
  const int done = strcmp(argv[1], "udp") == 0
                       ? ask_udp(port, count, rounds, bytes)
                       : ask_tcp(port, count, rounds, bytes);
  if (done == 0) puts("done");
  return done;
}
