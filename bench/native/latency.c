// Requests at a fixed rate, whether or not the server keeps up (an open loop): a latency counts
// from the moment at which the request was due, so that a server which stalls is charged for all
// that it kept waiting.
//   latency PORT LENGTH CONNECTIONS RATE WARM_MS MS EVENTS
// EVENTS 0: each request is a GET, answered by a body of LENGTH. 1: each connection is one request
// whose body goes on, and each byte of it is answered by LENGTH bytes of the response's body.
// Prints one line of JSON; latencies in microseconds.
#include "http.h"

struct connection {
  int fd, busy;
  uint64_t sent, due;  // requests sent; when the one under way was due
  uint64_t answered;   // bytes of the body that belong to finished events
  struct response response;
};

static struct connection *all;
static int connections, is_events;
static uint64_t length, start, measured_from, wrong, finished, count, room;
static double interval;
static uint32_t *latencies;

static uint64_t due_at(uint64_t index) { return start + (uint64_t)(index * interval); }

static void ask(struct connection *c) {
  static const char get[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", chunk[] = "1\r\nx\r\n";
  const char *bytes = is_events ? chunk : get;
  c->due = due_at(c->sent * connections + (c - all));
  c->sent++;
  c->busy = 1;
  if (send(c->fd, bytes, strlen(bytes), MSG_NOSIGNAL) != (ssize_t)strlen(bytes)) wrong++;
}

static void note(uint64_t due, uint64_t now) {
  if (due < measured_from || count == room) return;
  uint64_t microseconds = (now - due) / 1000;
  latencies[count++] = microseconds < UINT32_MAX ? microseconds : UINT32_MAX;
}

static void answered(struct connection *c) {
  uint64_t now = now_ns();
  c->busy = 0;
  finished++;
  note(c->due, now);
  // What fell due meanwhile goes now, and counts from when it was due.
  if (due_at(c->sent * connections + (c - all)) <= now) ask(c);
}

static void readable(struct connection *c) {
  static char bytes[64 * 1024];
  for (;;) {
    ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("the server has closed a connection");
    for (size_t at = 0; at < (size_t)n;) {
      int result = response_take(&c->response, bytes, n, &at);
      if (result == BROKEN || (is_events && result == DONE)) fail("no response");
      if (result != DONE) continue;
      if (c->response.status != 200 || c->response.body != length) wrong++;
      response_begin(&c->response);
      answered(c);
    }
    while (is_events && c->busy && c->response.body - c->answered >= length) {
      c->answered += length;
      answered(c);
    }
    if ((size_t)n < sizeof bytes) return;
  }
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static uint32_t percentile(double share) {
  uint64_t at = share * count;
  return count == 0 ? 0 : latencies[at < count ? at : count - 1];
}

int main(int argc, char **argv) {
  if (argc < 8) return 2;
  int port = atoi(argv[1]);
  length = strtoull(argv[2], NULL, 10);
  connections = atoi(argv[3]);
  double rate = atof(argv[4]);
  uint64_t warm = atoi(argv[5]) * 1000000ull, span = atoi(argv[6]) * 1000000ull;
  is_events = atoi(argv[7]);
  if (connections < 1 || rate <= 0) return 2;
  interval = 1e9 / rate;
  room = rate * (span / 1e9) + connections + 1;
  latencies = malloc(room * sizeof *latencies);
  all = calloc(connections, sizeof *all);
  if (!latencies || !all) fail("memory");
  raise_file_limit();
  int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < connections; i++) {
    static const char post[] = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct connection *c = &all[i];
    c->fd = connect_to(port, 0, 0);
    if (c->fd < 0) fail("connect");
    response_begin(&c->response);
    if (is_events && send(c->fd, post, sizeof post - 1, MSG_NOSIGNAL) != sizeof post - 1) fail("send");
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
  }
  start = now_ns();
  measured_from = start + warm;
  uint64_t end = measured_from + span, next = 0, now = start;
  uint64_t finished_before = 0;
  struct epoll_event events[512];
  while (now < end) {
    // The core is ours alone: no sleep, whose end would come late.
    int n = epoll_wait(epoll_fd, events, 512, 0);
    for (int i = 0; i < n; i++) readable(events[i].data.ptr);
    uint64_t before = now;
    now = now_ns();
    if (before < measured_from && now >= measured_from) finished_before = finished;
    for (; due_at(next) <= now; next++) {
      struct connection *c = &all[next % connections];
      // A busy connection sends when it is free.
      if (!c->busy && c->sent == next / connections) ask(c);
    }
  }
  // What was due and has no answer waits at least until now.
  for (int i = 0; i < connections; i++) {
    if (all[i].busy) note(all[i].due, now);
    for (uint64_t k = all[i].sent; due_at(k * connections + i) <= now && count < room; k++) note(due_at(k * connections + i), now);
  }
  qsort(latencies, count, sizeof *latencies, ascending);
  printf("{\"rate\":%.1f,\"wrong\":%lu,\"p50\":%u,\"p99\":%u,\"p999\":%u,\"most\":%u}\n", (finished - finished_before) / (span / 1e9),
         wrong, percentile(0.5), percentile(0.99), percentile(0.999), percentile(1));
  return 0;
}
