'use strict'

// A request that is answered while its body is still being written. With the parser Node takes its own
// listener of the socket's `drain` away (`socketOnData`, `_http_client.js`), and whoever waits for the
// request's, `pipe` among them, would wait for ever.

/**
 * @param {import('node:http').ClientRequest} request that owes a `drain`
 * @param {(request: object) => void} emit
 */
function keepDrain (request, emit) {
  const { socket } = request
  if (!socket || socket.destroyed) return
  socket.once('drain', () => {
    if (request.res?.complete && socket._httpMessage === request) emit(request)
  })
}

module.exports = { keepDrain }
