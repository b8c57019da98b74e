// Reads HTTP/1.1 responses as fast as a client can: a body is counted, and large parts of it are
// thrown away inside the kernel (MSG_TRUNC), so that the client is not what is measured.
#ifndef SLUICE_BENCH_HTTP_H
#define SLUICE_BENCH_HTTP_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { HEAD, FIXED, SIZE, CHUNK, CHUNK_END, TRAILER, UNTIL_CLOSE };

struct response {
  enum state state;
  uint64_t left;     // of the body or the chunk
  uint64_t body;     // bytes of the body so far
  int status;
  int line;          // bytes of the line in `text`
  char text[2048];   // a head, a size line or a trailer line
};

enum { MORE, DONE, BROKEN };

static inline void response_begin(struct response *r) {
  r->state = HEAD;
  r->left = r->body = 0;
  r->line = 0;
}

static inline int head_complete(struct response *r) {
  r->text[r->line] = 0;
  if (strncmp(r->text, "HTTP/1.1 ", 9) != 0) return BROKEN;
  r->status = atoi(r->text + 9);
  r->line = 0;
  char *field = strcasestr(r->text, "\r\ncontent-length:");
  if (field) {
    r->left = strtoull(field + 17, NULL, 10);
    r->state = FIXED;
    return r->left == 0 ? DONE : MORE;
  }
  field = strcasestr(r->text, "\r\ntransfer-encoding:");
  if (field && strcasestr(field, "chunked")) r->state = SIZE;
  else r->state = UNTIL_CLOSE;
  return MORE;
}

// Takes bytes until the response ends; `*at` is moved behind what was taken.
static inline int response_take(struct response *r, const char *bytes, size_t len, size_t *at) {
  while (*at < len) {
    switch (r->state) {
      case HEAD:
        if (r->line >= (int)sizeof r->text - 1) return BROKEN;
        r->text[r->line++] = bytes[(*at)++];
        if (r->line >= 4 && memcmp(r->text + r->line - 4, "\r\n\r\n", 4) == 0) {
          int result = head_complete(r);
          if (result != MORE) return result;
        }
        break;
      case FIXED: case CHUNK: case CHUNK_END: {
        uint64_t n = len - *at < r->left ? len - *at : r->left;
        *at += n;
        r->left -= n;
        if (r->state != CHUNK_END) r->body += n;
        if (r->left > 0) break;
        if (r->state == FIXED) return DONE;
        if (r->state == CHUNK) { r->state = CHUNK_END; r->left = 2; } else r->state = SIZE;
        break;
      }
      case SIZE: case TRAILER: {
        char byte = bytes[(*at)++];
        if (byte != '\n') {
          if (r->line >= 64) return BROKEN;
          r->text[r->line++] = byte;
          break;
        }
        r->text[r->line] = 0;
        if (r->state == TRAILER) {
          int empty = r->line <= 1;
          r->line = 0;
          if (empty) return DONE;
          break;
        }
        r->left = strtoull(r->text, NULL, 16);
        r->line = 0;
        r->state = r->left == 0 ? TRAILER : CHUNK;
        break;
      }
      case UNTIL_CLOSE:
        r->body += len - *at;
        *at = len;
        break;
    }
  }
  return MORE;
}

#define DISCARD_FROM (64 * 1024)

// One read from `fd`; what it answers is recv's. Up to `room` bytes land in `bytes` to be parsed,
// or, deep inside a body, are counted and dropped: then `*parsed` is set.
static inline ssize_t response_read(struct response *r, int fd, char *bytes, size_t room, int *parsed) {
  *parsed = 0;
  if ((r->state == FIXED || r->state == CHUNK) && r->left > DISCARD_FROM) {
    size_t want = r->left - 1 < (1 << 20) ? r->left - 1 : (1 << 20);
    ssize_t n = recv(fd, NULL, want, MSG_TRUNC | MSG_DONTWAIT);
    if (n > 0) { r->left -= n; r->body += n; *parsed = 1; }
    return n;
  }
  return recv(fd, bytes, room, MSG_DONTWAIT);
}

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

// Connects to 127.0.0.1. With `from` > 0 the source is 127.0.0.(1 + from), so that a client which
// opens a connection for each request doesn't run out of ports.
static inline int connect_to(int port, int from, int receive_buffer) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (receive_buffer) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  struct sockaddr_in a = {.sin_family = AF_INET};
  if (from > 0) {
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK + from);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0) { close(fd); return -1; }
  }
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) { close(fd); return -1; }
  return fd;
}

static inline void raise_file_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static inline void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

#endif
