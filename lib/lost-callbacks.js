'use strict'

// Callbacks of what waits when a socket, or a message that has none yet, is destroyed, where Node
// forgets them.

const { callAll } = require('./callbacks')
const errors = require('./errors')
const host = require('./host')

/** Sockets and messages whose callbacks are kept. @type {WeakSet<object>} */
const kept = new WeakSet()

function nop () {}

/** `fail` runs when the emitter closes, before its other listeners. */
function keep (emitter, fail) {
  if (kept.has(emitter)) return
  kept.add(emitter)
  emitter.prependOnceListener('close', fail)
}

/**
 * Those of what a failed Writable buffers: of the host's own calls, one that throws would be the last. What is
 * buffered stays there. Not while the host is in the middle of it: places that it is done with are null by then.
 * @returns {(() => void)[]} each calls one
 */
function takeBuffered (state, error) {
  return state.buffered.slice(state.bufferedIndex).map((entry) => {
    const { callback } = entry
    entry.callback = nop
    return () => callback(error)
  })
}

/** What is buffered counts as unsent for good, as on such a host. */
function failBuffered () {
  callAll(takeBuffered(this._writableState, errors.streamDestroyed()))
}

/**
 * Later Nodes give a Duplex the `destroy` of Writable, which fails what is buffered; Node 18 gives it
 * that of Readable.
 */
function keepBuffered (socket) {
  if (Array.isArray(socket?._writableState?.buffered)) keep(socket, failBuffered)
}

/** The socket leaves HTTP: what it buffers from now on is the program's. */
function forgetBuffered (socket) {
  if (kept.delete(socket)) socket.removeListener('close', failBuffered)
}

/** The host's own at the end of a message. */
const isFinish = ({ name }) => name === 'bound onFinish'

/** Up to 22 it would tell of success; and later ones still send a destroyed response in its turn, behind which it lets the next. */
const keepsFinish = ({ socket, req }) => host.kEndCallbacks === undefined || (!socket && req?.socket?.destroyed === false)

/** Messages whose `end` has a callback that waits with what is queued. @type {WeakSet<object>} */
const ended = new WeakSet()

/** Whether a request's socket has all of it, with the callback of its end: it may have to connect first. */
const hasHandedOver = ({ socket, req, outputData }) => !req && Boolean(socket) && outputData.length === 0

/** @returns {Function[]} those that nobody else calls any more */
function takeLost (message) {
  const lost = []
  const keeps = keepsFinish(message)
  for (const entry of message.outputData) {
    if (typeof entry.callback !== 'function' || (keeps && isFinish(entry.callback))) continue
    lost.push(entry.callback)
    entry.callback = null
  }
  const ofEnd = ended.has(message) && !hasHandedOver(message) ? message[host.kEndCallbacks] : null
  return lost.concat(ofEnd?.splice(0) ?? [])
}

function failQueued () {
  const error = this.errored ?? errors.streamDestroyed()
  callAll(takeLost(this).map((callback) => () => callback(error)))
}

/** Node drops what a message has queued, or (24 and later, a response of a pipeline) tells of success. */
function keepQueued (message) {
  keep(message, failQueued)
}

/** The callback of a queued `end`. Up to Node 22 it is a listener of `finish`, and hears of no error ever. */
function keepEnd (message) {
  if (host.kEndCallbacks === undefined) return
  ended.add(message)
  keepQueued(message)
}

module.exports = { takeBuffered, keepBuffered, forgetBuffered, keepQueued, keepEnd, failQueued }
