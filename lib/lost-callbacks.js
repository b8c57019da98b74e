'use strict'

// Later Nodes give a Duplex the `destroy` of Writable, which fails what is buffered; Node 18 gives
// it that of Readable, and the callbacks of the writes that wait in the socket never run.

const errors = require('./errors')

/** Sockets whose callbacks are kept. @type {WeakSet<object>} */
const kept = new WeakSet()

function nop () {}

/** Fails what waits. It stays in the buffer: on such a host it counts as unsent for good. */
function failBuffered () {
  const { buffered, bufferedIndex } = this._writableState
  for (let n = bufferedIndex; n < buffered.length; n++) {
    const { callback } = buffered[n]
    buffered[n].callback = nop
    callback(errors.streamDestroyed())
  }
}

/** The callbacks of what `socket` has buffered when it closes run, before its other listeners. */
function keepCallbacks (socket) {
  if (!Array.isArray(socket?._writableState?.buffered) || kept.has(socket)) return
  kept.add(socket)
  socket.prependOnceListener('close', failBuffered)
}

module.exports = { keepCallbacks }
