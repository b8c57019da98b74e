'use strict'

// Small chunks put aside for one crossing; src/binding/staging.rs has the other end, and says why.
//
// Whatever crosses next moves them into their connection's queue first, so nothing overtakes them.
// They are only taken while the message streams straight into the native writer and the kernel
// has the room: every check that a write makes was made when the place was opened, and what can
// change since without a crossing is looked at again.

const { native } = require('./binding')

/** Places of the ledger. */
const COUNT = 0
const LENGTH = 1
const HANDLE = 2
const CHUNKED = 3
const FIRST = 4
/** Beside a length: the bytes are a head, and stand in no frame. */
const HEAD = 0x80000000
/** Bytes that a chunk is reckoned with for its frame, three hexadecimal digits and two CRLFs, or for nothing. */
const OVERHEAD = 8
/** A longer chunk crosses on its own: copying it twice would cost more. */
const MOST = 2048
/** A longer head crosses on its own. */
const MOST_HEAD = 16 * 1024

/** @type {Buffer} */
const arena = native && Buffer.from(native.arena.buffer)
/** By way of the arena they would be looked for anew at each write (`LoadIC`, 2 ns). */
const { set } = Object.getPrototypeOf(Uint8Array.prototype)
const { latin1Write } = Buffer.prototype
const { getPrototypeOf } = Object
const ofBuffer = Buffer.prototype
const ofUint8Array = Uint8Array.prototype
const ledger = native?.ledger

/** The message whose chunks are taken, and what was true of it. */
const place = { message: null, connection: null, write: null, chunked: false, room: 0 }

/**
 * Whether the chunk's length is what `set` copies: a subclass may say otherwise, and what others have put
 * aside would leave in the gap. To ask for the true one takes 7 ns of a write's 37.
 */
function isPlain (chunk) {
  const prototype = getPrototypeOf(chunk)
  return prototype === ofBuffer || prototype === ofUint8Array
}

/**
 * Opens the place for a message after a write of its that was deferred.
 * @param {number} room bytes that the kernel has room for beyond what is deferred
 */
function open (message, connection, room) {
  // A declared length wants each chunk counted.
  place.message = message.strictContentLength ? null : message
  place.connection = connection
  place.write = connection.socket.write
  place.chunked = Boolean(message.chunkedEncoding)
  place.room = room < arena.length ? room : arena.length
  ledger[HANDLE] = connection.id
  ledger[CHUNKED] = place.chunked ? 1 : 0
}

/**
 * Opens the place with a message's head and first chunk, without a crossing.
 *
 * The caller has seen that the message may write directly, so that a chunk which fits is taken.
 * @param {number} room bytes that the kernel has room for
 * @returns {boolean} false where they don't fit, or another connection's chunks wait
 */
function begin (message, connection, room, chunk) {
  const head = message._headerSent ? '' : message._header
  const { length } = chunk
  if (length > MOST || length === 0 || message.strictContentLength || ledger[COUNT] !== 0 ||
      head.length + OVERHEAD + length + OVERHEAD > room || head.length > MOST_HEAD || !isPlain(chunk)) return false
  open(message, connection, room)
  if (head.length !== 0) {
    place.room -= head.length + OVERHEAD
    latin1Write.call(arena, head, 0, head.length)
    ledger[FIRST] = head.length | HEAD
    ledger[LENGTH] = head.length
    ledger[COUNT] = 1
    message._headerSent = true
  }
  return take(message, chunk)
}

/** Nothing more is taken; what was, leaves with the next crossing. */
function close () {
  place.message = null
  place.connection = null
  place.write = null
}

/** The connection takes nothing any more. */
function closeOf (connection) {
  if (place.connection === connection) close()
}

/**
 * Whether what was true of the message when the place was opened for it still is. Compared with booleans:
 * what may be anything takes six branches each.
 */
function isStillOpen (message) {
  const { socket, state } = place.connection
  const { strictContentLength } = message
  return message.finished === false && message.destroyed === false && message._headerSent === true &&
    message._hasBody === true && (strictContentLength === false || strictContentLength === undefined) &&
    message.chunkedEncoding === place.chunked && message.socket === socket &&
    socket.write === place.write && state.corked === 0 && state.ending === false
}

/** @returns {boolean} whether the chunk was taken: `write` may answer `true` */
function take (message, chunk) {
  const { length } = chunk
  const room = place.room - length - OVERHEAD
  if (!(room >= 0) || length > MOST || length === 0 || !isPlain(chunk) || !isStillOpen(message)) return false
  place.room = room
  // Around it there is room for its size line (RFC 9112 section 7.1) and its CRLF, which Rust writes.
  const before = place.chunked === true ? (length < 0x10 ? 3 : length < 0x100 ? 4 : 5) : 0
  const at = ledger[LENGTH] + before
  const count = ledger[COUNT]
  set.call(arena, chunk, at)
  ledger[FIRST + count] = length
  ledger[COUNT] = count + 1
  ledger[LENGTH] = at + length + (before !== 0 ? 2 : 0)
  return true
}

module.exports = { place, open, begin, close, closeOf, take, isStillOpen }
