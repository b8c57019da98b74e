// A closed loop of requests: N connections, D requests under way on each.
//   load PORT PATH LENGTH CONNECTIONS DEPTH MS LIMIT CLOSE
// LENGTH: what each body must have; LIMIT > 0: stop after so many responses instead of after MS;
// CLOSE > 0: requests of a connection, the last of which ends it (DEPTH 1). Prints one line of JSON; its bytes are those of bodies, also of
// those that were not complete.
#include "http.h"

struct connection {
  int fd;
  int owed, asked;
  struct response response;
};

static int port, connections, depth, close_each, epoll_fd, opened;
static uint64_t expected, wrong, responses, bodies, limit, asked;
/** The second is a connection's last. */
static char requests[2][4096];
static size_t request_lens[2];

static void ask(struct connection *c, int count) {
  // None that would be cut off at the end: the server would work on it while the next is measured.
  if (limit > 0 && asked + count > limit) return;
  asked += count;
  c->asked += count;
  int is_last = close_each > 0 && c->asked == close_each;
  const char *request = requests[is_last];
  size_t request_len = request_lens[is_last];
  static char many[64 * 1024];
  for (int i = 0; i < count; i++) memcpy(many + i * request_len, request, request_len);
  size_t len = request_len * count;
  // Less than a socket's buffer, and the server reads: never short in practice, and told if it is.
  if (send(c->fd, many, len, MSG_NOSIGNAL) != (ssize_t)len) wrong++;
  c->owed += count;
}

static void open_connection(struct connection *c) {
  c->fd = connect_to(port, close_each ? 1 + opened++ % 200 : 0, 0);
  if (c->fd < 0) fail("connect");
  c->owed = c->asked = 0;
  response_begin(&c->response);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
  ask(c, depth);
}

static void completed(struct connection *c) {
  if (c->response.status != 200 || c->response.body != expected) wrong++;
  responses++;
  bodies += c->response.body;
  c->owed--;
  response_begin(&c->response);
}

static void readable(struct connection *c) {
  static char bytes[256 * 1024];
  for (;;) {
    int counted;
    ssize_t n = response_read(&c->response, c->fd, bytes, sizeof bytes, &counted);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      if (!close_each || c->owed > 0) wrong++;
      close(c->fd);
      open_connection(c);
      return;
    }
    if (counted) continue;
    for (size_t at = 0; at < (size_t)n;) {
      int result = response_take(&c->response, bytes, n, &at);
      if (result == BROKEN) { wrong++; close(c->fd); open_connection(c); return; }
      if (result == DONE) completed(c);
    }
    // The next batch goes when the last is complete, as pipelining clients do.
    if (c->owed == 0 && c->asked != close_each) ask(c, depth);
    if ((size_t)n < sizeof bytes) return;
  }
}

int main(int argc, char **argv) {
  if (argc < 9) return 2;
  port = atoi(argv[1]);
  expected = strtoull(argv[3], NULL, 10);
  connections = atoi(argv[4]);
  depth = atoi(argv[5]);
  uint64_t span = atoi(argv[6]) * 1000000ull;
  limit = strtoull(argv[7], NULL, 10);
  close_each = atoi(argv[8]);
  for (int last = 0; last < 2; last++) {
    request_lens[last] = snprintf(requests[last], sizeof requests[last], "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
                                  argv[2], last ? "Connection: close\r\n" : "");
  }
  raise_file_limit();
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct connection *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) open_connection(&all[i]);
  uint64_t start = now_ns(), end = start + span, now = start;
  struct epoll_event events[1024];
  while (limit > 0 ? responses < limit : now < end) {
    if (limit > 0 && now - start > 60000000000ull) fail("no end within a minute");
    int n = epoll_wait(epoll_fd, events, 1024, 100);
    for (int i = 0; i < n; i++) readable(events[i].data.ptr);
    now = now_ns();
  }
  for (int i = 0; i < connections; i++) bodies += all[i].response.body;
  printf("{\"responses\":%lu,\"seconds\":%.6f,\"wrong\":%lu,\"bytes\":%lu}\n", responses, (now - start) / 1e9, wrong, bodies);
  return 0;
}
