'use strict'

// What of a message goes through a socket's own `write`: where the native writer can't take the socket, the message
// waits for its turn, or somebody looks at what is sent. Its framing follows the same rules; the pieces are Node's.

const http = require('node:http')
const net = require('node:net')
// As it was before tests replace it by a fake of theirs.
const { nextTick } = require('node:process')
const { native, BYTES, FIRST_ESTIMATED, FIRST_LEGACY } = require('./binding')
const { knownConnectionOf, stock } = require('./takeover')
const { isUnlabelled, lengthOf } = require('./encoding')
const { isTruthful } = require('./options')
const gather = require('./gather')
const { oweDrain, withoutDrain } = require('./drain')
const { isWrapped } = require('./origin')

const hostPrototype = http.OutgoingMessage.prototype
const { _send: hostSend, _writeRaw: hostWriteRaw } = hostPrototype
const crlf = Buffer.from('\r\n')

/** Somebody may have wrapped them before, and would hear of nothing. */
const isHosts = !isWrapped(hostPrototype, '_send') && !isWrapped(hostPrototype, '_writeRaw')

/** Whether nobody listens to what is sent, or changes it. */
function isUnwatched (message) {
  return isHosts && message._send === hostSend && message._writeRaw === hostWriteRaw
}

/**
 * Node encodes the head with the first piece that it is joined to: as UTF-8 with a string in
 * UTF-8 that is not framed, as latin1 else (`_send`, `_http_outgoing.js`).
 */
function headIsUtf8 (isChunked, chunk, encoding) {
  return typeof chunk === 'string' && (!encoding || encoding === 'utf8') &&
    !(isChunked && chunk.length !== 0)
}

/** Whether a chunk may be joined to its neighbours of this tick on a socket that Node writes. */
function mayBeGathered (message, socket, chunk) {
  if (chunk.length === 0 || chunk.length > gather.MOST) return false
  return isUnwatched(message) && socket._httpMessage === message && message.outputData.length === 0 &&
    !socket.destroyed && !socket._writableState.ending
}

/**
 * A small chunk on a socket that Node writes, joined to its neighbours of this tick.
 * @returns {boolean | undefined} what `socket.write` answers; undefined where it can't be joined
 */
function writeGathered (message, chunk, encoding, code) {
  const { socket } = message
  if (!socket?.encrypted || (code !== BYTES && code !== 0) || !mayBeGathered(message, socket, chunk)) return undefined
  const gathering = gather.gatherOf(socket)
  if (gathering === null) return undefined
  if (!message._headerSent) message._send('', headIsUtf8(message.chunkedEncoding, chunk, encoding) ? 'utf8' : 'latin1', null)
  return gathering.add(message, chunk, lengthOf(chunk, code))
}

/** A chunk behind others of its tick that were gathered. @returns {boolean | undefined} undefined where it is not one */
function writeBehind (message, chunk, encoding) {
  const { socket, gathering } = gather.place
  if (!isUnlabelled(chunk, encoding) || !mayBeGathered(message, socket, chunk) || !gather.isStillOpen(message)) return undefined
  const answer = gathering.add(message, chunk, lengthOf(chunk, typeof chunk === 'string' ? 0 : BYTES))
  if (!answer) oweDrain(message)
  return answer
}

/**
 * The socket counts a string in code units, and `writableLength` promises bytes. But a program that looks at what
 * the socket is given, or a stream of its own in a socket's place, gets the string.
 */
function isCountedBySocket (message) {
  const { socket } = message
  return (message._headerSent || message.chunkedEncoding) && message.outputData.length === 0 && socket?._httpMessage === message &&
    socket instanceof net.Socket && socket.write === stock.write && isUnwatched(message) && isTruthful(message)
}

/** The response in its turn, of one that waits. */
function aheadOf (message) {
  return message.socket ? null : message.req?.socket?._httpMessage
}

/** The framed pieces go to `socket.write`, or wait in `outputData` for their turn. */
function writeStreamed (message, chunk, encoding, code, callback) {
  const ahead = aheadOf(message)
  if (!ahead) return writePieces(message, chunk, encoding, code, callback)
  return withoutDrain(ahead, () => writePieces(message, chunk, encoding, code, callback))
}

function writePieces (message, chunk, encoding, code, callback) {
  if (!isOfHosts(chunk, encoding, code)) {
    chunk = native.encode(chunk, code)
    encoding = null
    code = BYTES
  }
  const length = lengthOf(chunk, code)
  if (typeof chunk === 'string' && length !== chunk.length && isCountedBySocket(message)) {
    chunk = Buffer.from(chunk, encoding)
    encoding = null
  }
  if (length === 0 || !message.chunkedEncoding) {
    // An empty chunk would end the body (RFC 9112 section 7.1). Bytes stay bytes: the head that
    // goes with them is then latin1.
    const nothing = length === 0 && message.chunkedEncoding && typeof chunk === 'string'
    return message._send(nothing ? '' : chunk, encoding, callback)
  }
  // One by one as in Node: others look into `outputData`, or at what goes through `_send`.
  message._send(length.toString(16), 'latin1', null)
  message._send(crlf, null, null)
  message._send(chunk, encoding, null, length)
  return message._send(crlf, null, callback)
}

/** The contract's answer after a streamed write to which Node would say `answer`. */
function streamedAnswer (message, answer) {
  const socket = message.socket
  // What waits for a turn that can't come any more waits for nothing: as Node says, so that its source ends.
  if (!socket && message.req?.socket?.destroyed) return answer
  if (!socket || socket._httpMessage !== message) return false
  // A socket with a `write` of its own (a mock's) may keep nothing in its Writable, and tells of no `drain` then.
  if (socket.connecting && !socket.encrypted && socket instanceof net.Socket && socket._writableState.length !== 0) {
    socket._writableState.needDrain = true
    return false
  }
  const connection = knownConnectionOf(socket)
  if (!connection || socket._writableState.corked > 0) return answer
  if (socket._writableState.length === 0) return answer
  socket._writableState.needDrain = true
  return false
}

function uncork (socket) {
  gather.close()
  socket.uncork()
}

/** Node gathers what is written in one tick. */
function corkForTick (message) {
  const socket = message.socket
  if (!socket || knownConnectionOf(socket)?.takeover.isInPlace() || socket.writableCorked) return
  socket.cork()
  gather.open(socket)
  nextTick(uncork, socket)
}

/** Whether the host knows the encoding, and its estimate of the length is right. */
function isOfHosts (chunk, encoding, code) {
  if (code === BYTES || code < FIRST_ESTIMATED) return true
  return code < FIRST_LEGACY && chunk.length % 2 === 0 &&
    Buffer.byteLength(chunk, encoding) === native.byteLength(chunk, code)
}

/**
 * With `backpressure: 'high-water-mark'` everything is the host's, to the byte. But text that it
 * can't encode becomes bytes before; the encoding is then left out: Node checks it beside bytes,
 * too (`_write`, `internal/streams/writable.js`).
 * @param {Function} method the host's `write` or `end`
 */
function callHost (method, message, chunk, encoding, code, callback) {
  return isOfHosts(chunk, encoding, code)
    ? method.call(message, chunk, encoding, callback)
    : method.call(message, native.encode(chunk, code), null, callback)
}

module.exports = {
  aheadOf, callHost, corkForTick, headIsUtf8, isUnwatched, streamedAnswer, writeBehind, writeGathered, writeStreamed
}
