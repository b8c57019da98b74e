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
/** Bytes that a chunk is reckoned with for its framing: three hexadecimal digits and two CRLFs. */
const OVERHEAD = 8
/** A longer chunk crosses on its own: copying it twice would cost more. */
const MOST = 2048

const arena = native?.arena
const ledger = native?.ledger

/** The message whose chunks are taken, and what was true of it. */
const place = { message: null, state: null, chunked: false, room: 0 }

/**
 * Opens the place for a message after a write of its that was deferred.
 * @param {number} room bytes that the kernel has room for beyond what is deferred
 */
function open (message, connection, room) {
  // A declared length wants each chunk counted.
  place.message = message.strictContentLength ? null : message
  place.state = connection.state
  place.chunked = message.chunkedEncoding
  place.room = room < arena.length ? room : arena.length
  ledger[HANDLE] = connection.id
  ledger[CHUNKED] = place.chunked ? 1 : 0
}

/** Nothing more is taken; what was, leaves with the next crossing. */
function close () {
  place.message = null
  place.state = null
}

/** @returns {boolean} whether the chunk was taken: `write` may answer `true` */
function take (message, chunk) {
  const { length } = chunk
  const room = place.room - length - OVERHEAD
  if (room < 0 || length > MOST || length === 0 || message.finished || message.destroyed ||
      message.chunkedEncoding !== place.chunked || place.state.corked !== 0) return false
  place.room = room
  const at = ledger[LENGTH]
  const count = ledger[COUNT]
  arena.set(chunk, at)
  ledger[FIRST + count] = length
  ledger[COUNT] = count + 1
  ledger[LENGTH] = at + length
  return true
}

/** Whether chunks of this connection wait here. */
function holdsOf (id) {
  return ledger[COUNT] !== 0 && ledger[HANDLE] === id
}

module.exports = { place, open, close, take, holdsOf }
