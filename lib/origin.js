'use strict'

// Whether a method of the host's messages, or sockets, is still the host's own.
//
// Tracing agents replace methods by wrappers that call the original. Ours in the place of such a
// wrapper would silence it, and below it there is no place to take: it holds the host's function.
// The wrapper is told by its text alone: a call, to see what it does, would be seen by the agent.

/** What stands in the host's own, in Node 18 to 26. @typedef {Record<string, RegExp>} Signs */

/** @type {Signs} */
const ofMessage = {
  write: /\bwrite_\(this, chunk, encoding, /,
  end: /\bwrite_\(this, chunk, encoding, /,
  _storeHeader: /\bprocessHeader\(this, state, /,
  _flush: /\bthis\._flushOutput\(socket\)/,
  _send: /\breturn this\._writeRaw\(data, encoding, callback/,
  _writeRaw: /\bconn\.write\(data, encoding, callback\)/,
  setHeader: /= \[name, value\]/,
  addTrailers: /\bvalidateHeaderName\(field, 'Trailer name'\)/
}

/** @type {Signs} */
const ofResponse = {
  writeHead: /\bthis\._storeHeader\(statusLine, headers\)/
}

/** Of a response in its turn. @type {Signs} */
const ofTurn = {
  assignSocket: /\bsocket\._httpMessage = this\b/,
  detachSocket: /\bassert\(socket\._httpMessage === this\)/,
  _finish: /\bOutgoingMessage\.prototype\._finish\.call\(this\)/,
  _flushOutput: /\bthis\._onPendingData\(-this\.outputSize\)/,
  emit: /\bconst events = this\._events\b/
}

/** @type {Signs} */
const ofSocket = {
  write: /\b_write\(this, chunk, encoding, cb\)/,
  _write: /\bthis\._writeGeneric\(false, /,
  _writev: /\bthis\._writeGeneric\(true, /,
  _final: /\.shutdown\(/,
  _writeGeneric: /\bthis\._pendingData = data\b/
}

/** Whether somebody has put a function of his own in the place of the host's `object[name]`. */
function isWrapped (object, name, signs = ofMessage) {
  return Object.hasOwn(signs, name) && !signs[name].test(Function.prototype.toString.call(object[name]))
}

module.exports = { isWrapped, ofResponse, ofSocket, ofTurn }
