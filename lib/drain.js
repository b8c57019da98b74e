'use strict'

// The `drain` that a `false` owes.

const http = require('node:http')
const { isTruthful } = require('./options')
const earlyAnswer = require('./early-answer')
const { callAll } = require('./callbacks')
const { knownConnectionOf } = require('./takeover')
const lostCallbacks = require('./lost-callbacks')
const host = require('./host')

const hostFlush = http.OutgoingMessage.prototype._flush

/** `write` has answered false. */
function oweDrain (message) {
  if (message[host.kNeedDrain]) return
  message[host.kNeedDrain] = true
  keepDrain(message)
}

/** The `drain`s that Node forgets: of a request that is answered early, of a response whose turn can't come. */
function keepDrain (message) {
  if (message instanceof http.ClientRequest) earlyAnswer.keepDrain(message, emitDrain)
  else keepForTurn(message)
}

/** Responses that owe a `drain`, or a callback, and wait for their turn. @type {WeakMap<object, Set<object>>} by socket */
const waiting = new WeakMap()

/**
 * Node up to 22 has no event for a response whose connection is lost before its turn: its source, and its
 * callbacks, would wait for ever.
 */
function keepForTurn (response) {
  const socket = response.socket ? null : response.req?.socket
  if (!socket) return
  const responses = waiting.get(socket)
  if (responses !== undefined) return responses.add(response)
  waiting.set(socket, new Set([response]))
  socket.once('close', settleAll)
}

/** The turn has come. */
function forgetTurn (response, socket) {
  const responses = waiting.get(socket)
  if (!responses?.delete(response) || responses.size !== 0) return
  waiting.delete(socket)
  socket.removeListener('close', settleAll)
}

function settleAll () {
  callAll([...waiting.get(this) ?? []].flatMap((response) => [
    () => lostCallbacks.failQueued.call(response),
    () => { if (!response.destroyed) emitDrain(response) }
  ]))
}

/**
 * Node calls this when the message gets its socket. A `drain` that is due comes when all of it is
 * with the kernel; Node up to 24 emits it when the socket has taken it below its mark.
 */
function _flush () {
  const { socket } = this
  const state = socket?._writableState
  // Not of what inherits from a message and was never made one (a mock).
  const hasQueued = this.outputData?.length > 0
  if (hasQueued) forgetTurn(this, socket)
  if (this.destroyed && !this.finished && socket && !socket.destroyed) {
    // Destroyed while it waited for its turn, and unfinished: Node 24 and later would leave the peer without an answer.
    socket.destroy(this.errored)
    return
  }
  // Into a socket that may still be connecting.
  if (host.losesCallbacks && hasQueued) lostCallbacks.keepBuffered(socket)
  if (!this[host.kNeedDrain] || this.finished || !socket?.writable || !state || !isTruthful(this)) {
    return hostFlush.call(this)
  }
  withoutDrain(this, () => this._flushOutput(socket))
  // What a listener of `socket` has written.
  knownConnectionOf(socket)?.flush()
  if (state.length !== 0) {
    state.needDrain = true
    // Node passes on the `drain` of its own connections alone.
    if (!socket.parser) socket.once('drain', () => emitDrain(this))
    else keepDrain(this)
    return
  }
  emitDrain(this)
}

/**
 * Node up to 22 emits the `drain` that the response in its turn owes as often as a response counts what it
 * queues, or no longer does (`updateOutgoingData`, `_http_server.js`), wherever the bytes are.
 * @param {object | null | undefined} current the socket's message
 */
function withoutDrain (current, step) {
  if (!current?.[host.kNeedDrain]) return step()
  current[host.kNeedDrain] = false
  try {
    return step()
  } finally {
    current[host.kNeedDrain] = true
  }
}

function emitDrain (message) {
  if (!message[host.kNeedDrain] || message.finished) return
  message[host.kNeedDrain] = false
  message.emit('drain')
}

module.exports = { oweDrain, keepForTurn, withoutDrain, _flush }
