// The least that a write side can do: one call from JavaScript, and one send of bytes that were made
// beforehand. An addon of Node's, for bench/least.js.
#include <errno.h>
#include <node_api.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static char *response;
static size_t response_len;

// open(file): the length of the response that it holds.
static napi_value open_response(napi_env env, napi_callback_info info) {
  char path[4096];
  size_t count = 1;
  napi_value argument, length;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  if (napi_get_value_string_utf8(env, argument, path, sizeof path, NULL) != napi_ok) return NULL;
  FILE *file = fopen(path, "rb");
  if (!file) return napi_throw_error(env, NULL, "no such response"), NULL;
  fseek(file, 0, SEEK_END);
  response_len = ftell(file);
  rewind(file);
  response = malloc(response_len);
  if (!response || fread(response, 1, response_len, file) != response_len) return napi_throw_error(env, NULL, "it can't be read"), NULL;
  fclose(file);
  napi_create_double(env, response_len, &length);
  return length;
}

// send(fd, from, to): these bytes of the response. Waits where the kernel has no room.
static napi_value send_part(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  int64_t numbers[3];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  for (int i = 0; i < 3; i++) napi_get_value_int64(env, arguments[i], &numbers[i]);
  size_t at = numbers[1], end = numbers[2];
  if (end > response_len) return NULL;
  while (at < end) {
    ssize_t n = send(numbers[0], response + at, end - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) { at += n; continue; }
    if (errno != EAGAIN) break;
    struct pollfd wait = {.fd = numbers[0], .events = POLLOUT};
    poll(&wait, 1, -1);
  }
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, open_response, NULL, &function);
  napi_set_named_property(env, exports, "open", function);
  napi_create_function(env, "send", NAPI_AUTO_LENGTH, send_part, NULL, &function);
  napi_set_named_property(env, exports, "send", function);
  return exports;
}
