// The limit: one thread, epoll, the response made beforehand. What is left is what the kernel and
// the network cost, so that nothing which renders a response can be faster.
//   limit FILE PIECE   FILE: a whole response; PIECE > 0: one send for each so many bytes of it
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
  int fd, matched, close_after, writable;
  long owed;      // responses
  size_t offset;  // in the response under way
};

static char *response;
static size_t response_len, piece;
static int epoll_fd;

static void drop(struct connection *c) {
  close(c->fd);
  free(c);
}

// Counts requests: each ends with an empty line and has no body.
static void scan(struct connection *c, const char *bytes, size_t len) {
  if (memmem(bytes, len, "Connection: close", 17)) c->close_after = 1;
  for (size_t i = 0; i < len; i++) {
    char expected = c->matched % 2 == 0 ? '\r' : '\n';
    c->matched = bytes[i] == expected ? c->matched + 1 : bytes[i] == '\r';
    if (c->matched == 4) { c->owed++; c->matched = 0; }
  }
}

static int watch(struct connection *c, int writable) {
  if (c->writable == writable) return 0;
  c->writable = writable;
  struct epoll_event e = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.ptr = c};
  return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

// 0 where the connection lives on.
static int answer(struct connection *c) {
  static char many[64 * 1024];
  while (c->owed > 0) {
    const char *from = response + c->offset;
    size_t len = response_len - c->offset;
    long whole = 0;
    if (piece > 0 && len > piece) len = piece;
    else if (c->offset == 0 && c->owed > 1 && response_len * 2 <= sizeof many) {
      // Pipelined: as many responses as fit in one send.
      whole = sizeof many / response_len;
      if (whole > c->owed) whole = c->owed;
      for (long i = 0; i < whole; i++) memcpy(many + i * response_len, response, response_len);
      from = many;
      len = whole * response_len;
    }
    ssize_t n = send(c->fd, from, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN ? watch(c, 1) : -1;
    c->offset += n;
    c->owed -= c->offset / response_len;
    c->offset %= response_len;
  }
  if (c->close_after) return -1;
  return watch(c, 0);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  FILE *file = fopen(argv[1], "rb");
  if (!file) return 2;
  fseek(file, 0, SEEK_END);
  response_len = ftell(file);
  rewind(file);
  response = malloc(response_len);
  if (fread(response, 1, response_len, file) != response_len) return 2;
  fclose(file);
  piece = strtoull(argv[2], NULL, 10);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof a;
  if (bind(listener, (struct sockaddr *)&a, size) < 0 || listen(listener, 4096) < 0) return 2;
  getsockname(listener, (struct sockaddr *)&a, &size);
  printf("{\"port\":%d}\n", ntohs(a.sin_port));
  fflush(stdout);

  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e);
  static char bytes[64 * 1024];
  for (;;) {
    int n = epoll_wait(epoll_fd, events, 512, -1);
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == NULL) {
        for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          c = calloc(1, sizeof *c);
          c->fd = fd;
          e.events = EPOLLIN;
          e.data.ptr = c;
          epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
        }
        continue;
      }
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) { drop(c); continue; }
        if (got > 0) scan(c, bytes, got);
      }
      if (answer(c) != 0) drop(c);
    }
  }
}
