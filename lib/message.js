'use strict'

// write, end and what hangs on them. Two lanes: direct, past the socket's Writable into the
// native writer, and streamed (lib/streamed.js), framed by the same rules and given to `socket.write`. What sends
// nothing (errors, a message without a body) is left to the host's own methods.

const http = require('node:http')
// As it was before tests replace it by a fake of theirs.
const { nextTick } = require('node:process')
const { isUint8Array } = require('node:util/types')
const { native, Status, MessageBits, BYTES } = require('./binding')
const { connectionOf } = require('./connection')
const { mayBeAlone, aloneFor, takeOverNext } = require('./alone')
const { knownConnectionOf } = require('./takeover')
const { codeOf, crossingCode, hostsLabel, isUnlabelled, lengthOf, queuedLength } = require('./encoding')
const { isTruthful } = require('./options')
const gather = require('./gather')
const lostCallbacks = require('./lost-callbacks')
const { oweDrain, keepForTurn, withoutDrain, _flush } = require('./drain')
const {
  aheadOf, callHost, corkForTick, headIsUtf8, isUnwatched, streamedAnswer, writeBehind, writeGathered, writeStreamed
} = require('./streamed')
const staging = require('./staging')
const errors = require('./errors')
const host = require('./host')
const head = require('./head')

const hostPrototype = http.OutgoingMessage.prototype
const hostWrite = hostPrototype.write
const hostEnd = hostPrototype.end
const hostLength = Object.getOwnPropertyDescriptor(hostPrototype, 'writableLength').get

/**
 * The connection that takes the message's bytes past the Writable, or null.
 * @param {boolean} isWhole whether it ends, and may leave the socket as it is (lib/alone.js)
 */
function directConnection (message, isWhole) {
  const socket = message.socket
  if (!socket || socket._httpMessage !== message) return null
  if (!isUnwatched(message)) return null
  if (isWhole && mayBeAlone(socket)) return aloneFor(message)
  const connection = connectionOf(socket)
  return connection !== null && connection.isDirectFor(message) ? connection : null
}

/**
 * One crossing: head if it waits, chunk in its frame, end of the body. Of the message, which has not ended, each
 * name is looked up once (`bitsOf`, lib/head.js).
 * @returns {number} status
 */
function writeDirect (connection, message, chunk, encoding, code, ends) {
  const isSent = message._headerSent
  const isChunked = message.chunkedEncoding
  const head = isSent ? undefined : message._header
  const crossing = typeof chunk === 'string' ? crossingCode(chunk, code) : code
  const bits = (message.destroyed ? MessageBits.DESTROYED : 0) |
    (message._hasBody ? MessageBits.HAS_BODY : 0) |
    (isChunked ? MessageBits.CHUNKED : 0) |
    (isSent || head ? MessageBits.HEAD_STORED : 0) |
    (isSent ? MessageBits.HEAD_SENT : 0) |
    (crossing << 16) | (ends ? MessageBits.ENDS : 0) |
    (chunk !== null ? MessageBits.HAS_CHUNK : 0) |
    (!isSent && headIsUtf8(isChunked, chunk, encoding) ? MessageBits.HEAD_IS_UTF8 : 0)
  const status = connection.send(bits, head, chunk,
    ends && isChunked && message._trailer !== '' ? message._trailer : undefined)
  // Of one that failed, too: as for Node, it has been handed over.
  if (!isSent && (status >= 0 ? status !== Status.IGNORED : status === Status.FAILED)) message._headerSent = true
  return status
}

/** Of a message whose head is sent, and which streams. */
const TEXT = MessageBits.HAS_BODY | MessageBits.HEAD_STORED | MessageBits.HEAD_SENT | MessageBits.HAS_CHUNK

/** Text behind chunks of this tick: what a write looks at was looked at when the place was opened. */
function writeText (message, chunk) {
  const { connection } = staging.place
  const bits = TEXT | (message.chunkedEncoding ? MessageBits.CHUNKED : 0) | (crossingCode(chunk, 0) << 16)
  const answer = connection.settle(connection.send(bits, undefined, chunk, undefined), message, false)
  if (!answer) oweDrain(message)
  return answer
}

/** Whether a declared length forbids the chunk of a message that has not ended (`strictContentLength`). */
function exceedsLength (message, length) {
  const applies = message._contentLength != null && message._hasBody && !message._removedContLen &&
    !message.chunkedEncoding && !message.hasHeader('transfer-encoding')
  if (!applies) return false
  const bits = MessageBits.HAS_BODY | MessageBits.STRICT_LENGTH
  return native.plan(bits, length, 0, +message._contentLength, message[host.kBytesWritten]) < 0
}

/** As the host's Writable, which makes a Buffer of what is none (`_uint8ArrayToBuffer`, `internal/streams/utils`). */
function throwIfDetached (chunk) {
  if (chunk.length === 0 && !(chunk instanceof Buffer)) Reflect.construct(Uint8Array, [chunk.buffer, chunk.byteOffset, chunk.byteLength])
}

/** What takes nothing any more. Node up to 24 forgets such a callback. */
function refuse (callback, error) {
  if (typeof callback === 'function') nextTick(callback, error)
  return false
}

/** A chunk behind others of its tick. @returns {boolean | undefined} undefined where it is not one */
function writeStaged (message, chunk, encoding) {
  if (!isUnlabelled(chunk, encoding)) return undefined
  if (typeof chunk === 'string') {
    if (chunk.length !== 0 && staging.isStillOpen(message)) return writeText(message, chunk)
  } else if (staging.take(message, chunk)) return true
}

/** @param {object} [base] the prototype that has a write of the host's, or of those who have wrapped it, for a subclass */
const writer = (base) => function write (chunk, encoding, callback) {
  if (base !== undefined && base.write !== hostWrite) return base.write.apply(this, arguments)
  if (callback === undefined) {
    const answer = staging.place.message === this
      ? writeStaged(this, chunk, encoding)
      : gather.place.message === this ? writeBehind(this, chunk, encoding) : undefined
    if (answer !== undefined) return answer
  }
  if (typeof encoding === 'function') {
    callback = encoding
    encoding = null
  }
  const isString = typeof chunk === 'string'
  if ((!isString && !isUint8Array(chunk)) || this.finished || this.destroyed) {
    return hostWrite.call(this, chunk, encoding, callback)
  }
  const code = isString ? codeOf(encoding) : BYTES
  encoding = hostsLabel(encoding, isString ? code : null)
  // What the host's `write` already holds goes first.
  const isHeld = host.holdsChunks(this)
  const isOfHost = isHeld || !isTruthful(this)
  // What is corked would leave out of its order.
  if (isHeld || (isOfHost && !host.corkIsBroken(this[host.kCorked]))) {
    return callHost(hostWrite, this, chunk, encoding, code, callback)
  }
  if (host.losesCallbacks && typeof callback === 'function') lostCallbacks.keepBuffered(this.socket)
  if (this.strictContentLength) {
    const length = lengthOf(chunk, code)
    if (exceedsLength(this, length)) return hostWrite.call(this, chunk, encoding, callback)
    this[host.kBytesWritten] += length
  }
  if (!this._header) {
    this._implicitHeader()
    // A `writeHead` of the program's has ended the message: its bytes are complete.
    if (this.finished) return refuse(callback, errors.writeAfterEnd())
  }
  if (!this._hasBody) {
    const accounted = this[host.kBytesWritten]
    const answer = hostWrite.call(this, chunk, encoding, callback)
    this[host.kBytesWritten] = accounted
    return answer
  }
  if (!isString) throwIfDetached(chunk)
  const answer = isOfHost
    ? writeStreamed(this, chunk, encoding, code, callback)
    : writeBody(this, chunk, encoding, code, callback)
  if (!answer) oweDrain(this)
  return answer
}

function writeBody (message, chunk, encoding, code, callback) {
  const connection = directConnection(message, false)
  if (connection !== null) {
    const owes = message[host.kNeedDrain]
    if (code === BYTES && typeof callback !== 'function' && !owes && connection.begin(message, chunk)) return true
    const status = writeDirect(connection, message, chunk, encoding, code, false)
    if (typeof callback === 'function') connection.notify(callback)
    const answer = connection.settle(status, message, false)
    // Node 24 and later have no `drain` while anything waits, and the socket's own may be due in this tick.
    return owes && answer ? connection.flush() : answer
  }
  const { socket } = message
  corkForTick(message)
  if (typeof callback === 'function') {
    const error = reasonNotToWait(message)
    if (error !== undefined) {
      nextTick(callback, error)
      return streamedAnswer(message, writeStreamed(message, chunk, encoding, code, null))
    }
    // Behind its socket's own end nothing of a response leaves any more. Node calls a request's back itself.
    if (!socket || (message.req && !socket.writable)) lostCallbacks.keepQueued(message)
    keepForTurn(message)
    const ordered = knownConnectionOf(socket)?.afterOwn(callback) ?? callback
    return streamedAnswer(message, writeStreamed(message, chunk, encoding, code, ordered))
  }
  return writeGathered(message, chunk, encoding, code) ??
    streamedAnswer(message, writeStreamed(message, chunk, encoding, code, callback))
}

/** The error of a callback that the host would forget: its socket, or the one that it waits for, takes nothing any more. */
function reasonNotToWait ({ socket, req }) {
  const lost = socket ?? req?.socket
  if (!lost?.destroyed) return socket?.errored ?? undefined
  return lost.errored ?? errors.streamDestroyed()
}

/** `finish`, when the last byte is with the kernel (Node's `onFinish`). */
function finish (message, error) {
  const { socket } = message
  if (host.kEndCallbacks === undefined) {
    // Node 22 and earlier: whatever became of the bytes.
    if (!socket?._hadError) message.emit('finish')
    return
  }
  const failure = error ?? message[host.kErrored] ?? socket?.errored
  const callbacks = message[host.kEndCallbacks]
  message[host.kEndCallbacks] = null
  if (failure) message[host.kFlushError] = failure
  else message[host.kWritableFinished] = true
  for (const callback of callbacks ?? []) callback(failure ?? null)
  if (!failure) message.emit('finish')
}

function onFinished (message, callback) {
  if (typeof callback !== 'function') return
  if (host.kEndCallbacks === undefined) message.once('finish', callback)
  else (message[host.kEndCallbacks] ??= []).push(callback)
}

function endStreamed (message, chunk, encoding, code, callback) {
  // Where nothing leaves any more, the host has no `finish` for an end with a chunk. And Node 24 and later write
  // nothing behind a chunk that is the last: a peer that has all may be gone. But up to 22 its `end` gives the
  // chunk a callback, and a response that waits could not leave with the one before it.
  const isHosts = chunk === null || !message._hasBody || message.socket?.destroyed ||
    (!message.chunkedEncoding && (message.socket || !message.req))
  if (!isHosts) {
    message.socket?.cork()
    writeStreamed(message, chunk, encoding, code)
    chunk = null
    encoding = null
    code = BYTES
  }
  withoutDrain(aheadOf(message), () => callHost(hostEnd, message, chunk, encoding, code, callback))
  if (typeof callback === 'function' && !message.socket) lostCallbacks.keepEnd(message)
  if (!message.socket && isUnwatched(message)) endedBehind(message, message.req?.socket)
  return message
}

/** In bytes or code units: a larger body may have to wait. */
const MOST_WHOLE = 4096

/** Whether all of the message is in this end. Who hears of the callback may write. */
function isSmallAndWhole (message, chunk, callback) {
  return !message._headerSent && (chunk === null || chunk.length <= MOST_WHOLE) &&
    (typeof callback !== 'function' || message.listenerCount('newListener') === 0)
}

function endedBehind (message, socket) {
  const connection = knownConnectionOf(socket)
  if (connection === undefined) takeOverNext(socket)
  else connection.endedBehind(message)
}

/** A `writeHead` of the program's, called by `end` itself, has destroyed the message. */
function endDestroyed (message, chunk, encoding, code, callback) {
  const isFramed = message._hasBody && message.chunkedEncoding
  if (host.kEndCallbacks !== undefined) {
    // The host would forget the callback, or tell it of success.
    refuse(callback, errors.streamDestroyed())
    if (!isFramed) return close(message, message.outputData.length === 0 && message.socket?._httpMessage === message)
    callback = undefined
  } else if (message._hasBody) {
    // Made by the host's `write`, the head goes with the chunk: one that it can't be joined to leaves it queued.
    writeStreamed(message, chunk, encoding, code)
  }
  withoutDrain(aheadOf(message), () => callHost(hostEnd, message, chunk, encoding, code, callback))
  return message
}

function end (chunk, encoding, callback) {
  if (typeof chunk === 'function') {
    callback = chunk
    chunk = null
    encoding = null
  } else if (typeof encoding === 'function') {
    callback = encoding
    encoding = null
  }
  if (!chunk) chunk = null
  const isString = typeof chunk === 'string'
  if (this.finished || this.destroyed || (chunk !== null && !isString && !isUint8Array(chunk))) {
    return hostEnd.call(this, chunk, encoding, callback)
  }
  const code = isString ? codeOf(encoding) : BYTES
  encoding = chunk === null ? null : hostsLabel(encoding, isString ? code : null)
  // What the host's `write` holds, called by another's wrapper, only the host's `end` lets go.
  const { socket } = this
  if (this.strictContentLength || !isTruthful(this, socket) || host.holdsChunks(this)) {
    if (chunk !== null && this.chunkedEncoding && this._header && this._hasBody &&
        !host.holdsChunks(this) && host.corkIsBroken(this[host.kCorked])) {
      // As in `write`: the host would join it to what it lets go after the end.
      writeStreamed(this, chunk, encoding, code)
      return hostEnd.call(this, undefined, undefined, callback)
    }
    return callHost(hostEnd, this, chunk, encoding, code, callback)
  }
  const isWhole = isSmallAndWhole(this, chunk, callback)
  if (!this._header) {
    this._contentLength = chunk === null ? 0 : lengthOf(chunk, code)
    this._implicitHeader()
    if (this.finished) {
      if (chunk !== null) refuse(callback, errors.writeAfterEnd())
      else onFinished(this, callback)
      return this
    }
    if (chunk !== null && this.destroyed) return endDestroyed(this, chunk, encoding, code, callback)
  }
  const isIgnored = chunk !== null && !this._hasBody
  if (chunk !== null && !isString && !isIgnored) throwIfDetached(chunk)
  const connection = isIgnored ? null : directConnection(this, isWhole)
  if (connection === null) return endStreamed(this, chunk, encoding, code, callback)
  onFinished(this, callback)
  const status = writeDirect(connection, this, chunk, encoding, code, true)
  // The native writer has no place for one more connection, and the callback is the message's already.
  if (status === Status.STALE) return endStreamed(this, chunk, encoding, code)
  connection.ended(status, this, finish)
  if (connection.pipeline !== null) connection.pipeline.reached(this)
  return close(this, true)
}

/** What follows the last byte at once. @param {boolean} hasTurn whether the message has its socket, and nothing waits */
function close (message, hasTurn) {
  if (message[host.kCorked] !== 0) message[host.kCorked] = 0
  message.finished = true
  if (hasTurn) message._finish()
  return message
}

/** Hands over now what is deferred. @returns {boolean} whether user memory is empty */
function flushWrites () {
  const connection = knownConnectionOf(this.socket)
  if (connection && this.socket._httpMessage === this) connection.flush()
  return this.writableLength === 0
}

/** Bytes in user memory, exactly, in kernel mode. */
function writableLength () {
  const socket = this.socket
  const connection = knownConnectionOf(socket)
  const streamed = hostLength.call(this)
  // What inherits from a message and was never made one (a mock) has no queue.
  if (!this.outputData || !isTruthful(this)) return streamed
  const own = connection?.isDeferred ? connection.folded().pending : 0
  return streamed - this.outputSize + queuedLength(this) + own
}

/** Of a class that inherits from the host's: what others put into the host's prototype is called. */
const inheritedEnd = (base) => ({
  end (chunk, encoding, callback) {
    return base.end === hostEnd ? end.call(this, chunk, encoding, callback) : base.end.apply(this, arguments)
  }
}).end

/**
 * Puts the write side on a prototype that inherits from the host's.
 * @param {object} [base] the prototype of which it is a subclass's
 */
function installOn (prototype, base) {
  const methods = { write: writer(base), end: base === undefined ? end : inheritedEnd(base), _flush, flushWrites, ...head }
  for (const name of Object.keys(methods)) {
    Object.defineProperty(prototype, name, {
      value: methods[name], writable: true, configurable: true, enumerable: true
    })
  }
  Object.defineProperty(prototype, 'writableLength', { configurable: true, get: writableLength })
}

module.exports = { installOn }
