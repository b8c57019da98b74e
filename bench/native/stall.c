// Clients that ask and don't read, until they are told to.
//   stall PORT PATH LENGTH CLIENTS
// Prints "stalled" when all have asked and got their first bytes; on a line of standard input all
// of them read to the end; then one line of JSON.
#include "http.h"

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  int port = atoi(argv[1]), clients = atoi(argv[4]), wrong = 0, whole = 0;
  uint64_t expected = strtoull(argv[3], NULL, 10);
  char request[1024];
  int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[2]);
  raise_file_limit();
  int *fds = calloc(clients, sizeof *fds);
  struct response *responses = calloc(clients, sizeof *responses);
  for (int i = 0; i < clients; i++) {
    // A small receive buffer: what stalls is in the server, and not in the kernel.
    fds[i] = connect_to(port, 0, 4096);
    if (fds[i] < 0) fail("connect");
    if (send(fds[i], request, len, MSG_NOSIGNAL) != len) fail("send");
    response_begin(&responses[i]);
  }
  char byte;
  for (int i = 0; i < clients; i++) {
    if (recv(fds[i], &byte, 1, MSG_PEEK) != 1) fail("a client got nothing");
  }
  puts("stalled");
  fflush(stdout);
  if (getchar() == EOF) return 1;

  int epoll_fd = epoll_create1(EPOLL_CLOEXEC), wide = 1 << 20;
  for (int i = 0; i < clients; i++) {
    setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &wide, sizeof wide);
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[i], &e);
  }
  static char bytes[64 * 1024];
  struct epoll_event events[512];
  uint64_t start = now_ns();
  while (whole + wrong < clients) {
    int n = epoll_wait(epoll_fd, events, 512, 20000);
    if (n <= 0) fail("the server stalls");
    for (int e = 0; e < n; e++) {
      struct response *r = &responses[events[e].data.u32];
      int fd = fds[events[e].data.u32];
      for (;;) {
        int counted, result = MORE;
        size_t at = 0;
        ssize_t got = response_read(r, fd, bytes, sizeof bytes, &counted);
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) result = BROKEN;
        else if (!counted) result = response_take(r, bytes, got, &at);
        if (result == MORE) continue;
        if (result == DONE && r->body == expected && r->status == 200) whole++;
        else wrong++;
        close(fd);
        break;
      }
    }
  }
  printf("{\"whole\":%d,\"wrong\":%d,\"seconds\":%.6f}\n", whole, wrong, (now_ns() - start) / 1e9);
  return 0;
}
