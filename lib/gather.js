'use strict'

// Small writes on a socket that Node writes (TLS), gathered into one.
//
// The first one of a tick leaves a batch in the socket's Writable, which keeps its place in the
// order. It looks like a Buffer that grows with each chunk behind it, and becomes one, framed, when
// the Writable comes to it. So answers, `drain`, `writableLength` and `bytesWritten` are those of
// as many socket writes; stock Node makes four of a chunk.

const net = require('node:net')
const { inspect } = require('node:util')
const { native } = require('./binding')
const { forgetBuffered } = require('./lost-callbacks')
const { isLeaving, isStock, takeBack } = require('./takeover')
const errors = require('./errors')
const host = require('./host')

const kGather = Symbol('sluice.gather')
/** A longer chunk is written on its own: it would only be copied. */
const MOST = 4096
/** Chunks of a batch. */
const MOST_CHUNKS = 256

const { write, _write, _writev } = net.Socket.prototype

/**
 * The socket that is corked until the end of this tick, and the message whose chunks it takes: what a write looks
 * at was looked at when the last one was taken. (7 % of the CPU of 100 writes)
 */
const place = { socket: null, message: null, gathering: null }

/** @param {net.Socket} socket corked for this tick */
function open (socket) {
  place.socket = socket
  place.message = null
  place.gathering = null
}

/** The tick is over. */
function close () {
  open(null)
}

/**
 * Whether the message still streams into the socket, as it did in this tick, and the socket is still corked. What is
 * asked of the message is what `isStillOpen` of lib/staging.js asks: to call a function for it takes 1 of a write's 33 ns there.
 */
function isStillOpen (message) {
  const { socket, gathering } = place
  const { strictContentLength } = message
  return message.finished === false && message.destroyed === false && message._headerSent === true &&
    message._hasBody === true && (strictContentLength === false || strictContentLength === undefined) &&
    message.socket === socket && gathering.isInPlace() && gathering.state.corked !== 0 && !host.holdsChunks(message)
}

/** Bytes around a chunk, by its length. @type {number[]} */
const overheads = []

function overheadOf (length) {
  const known = overheads[length]
  if (known !== undefined) return known
  const overhead = native.frameOverhead(1, length)
  if (length <= 3 * MOST) overheads[length] = overhead
  return overhead
}

/** Chunks of one message in one framing, in place of their bytes. */
class Batch {
  /** Bytes, framed. */
  length = 0
  /** @type {(string | Uint8Array)[]} */
  chunks = []

  constructor (isChunked) {
    this.isChunked = isChunked
  }

  /** @returns {Buffer | Error} */
  frame () {
    const bytes = native.frame(this.isChunked ? 1 : 0, ...this.chunks)
    return bytes.length === this.length ? bytes : errors.detachedChunk()
  }

  /** For those who look into the Writable. */
  [inspect.custom] () {
    return this.frame()
  }

  toString (...values) {
    return this.frame().toString(...values)
  }

  toJSON () {
    return this.frame().toJSON()
  }
}
// The Writable, and `bytesWritten`, look at a chunk's class and its length alone.
Object.setPrototypeOf(Batch.prototype, Buffer.prototype)

class Gather {
  constructor (socket) {
    this.socket = socket
    this.state = socket._writableState
    /** The message whose chunks are taken. */
    this.message = null
    /** The last thing in the Writable, unless somebody has written behind it. @type {Batch | null} */
    this.batch = null
    /** The socket has left HTTP, and is given back when none of our batches is in it. */
    this.leaves = false
    this.onRemoved = () => { if (isLeaving(socket)) this.leave() }
    socket.on('removeListener', this.onRemoved)
    this.ours = {
      _write: (chunk, encoding, callback) => this.sink(chunk, encoding, callback),
      _writev: (chunks, callback) => this.sinkAll(chunks, callback)
    }
    Object.assign(socket, this.ours)
  }

  /** Whether nobody looks at what the socket writes. */
  isInPlace () {
    const { socket, ours } = this
    return socket.write === write && socket._write === ours._write && socket._writev === ours._writev
  }

  /**
   * @param {number} length of the chunk's bytes
   * @returns {boolean} whether the Writable is below its mark, as `socket.write` would answer
   */
  add (message, chunk, length) {
    const { state } = this
    const { batch } = this
    if (batch === null || this.message !== message || !this.isLast() ||
        batch.isChunked !== message.chunkedEncoding || batch.chunks.length >= MOST_CHUNKS) this.begin(message)
    const framed = length + (message.chunkedEncoding ? overheadOf(length) : 0)
    this.batch.chunks.push(chunk)
    this.batch.length += framed
    state.length += framed
    if (place.socket === this.socket) {
      place.message = message
      place.gathering = this
    }
    const isBelow = state.length < state.highWaterMark
    if (!isBelow) state.needDrain = true
    return isBelow
  }

  /** A length that is the same as before may have grown and shrunk. */
  isLast () {
    const { buffered } = this.state
    return buffered.length !== 0 && buffered[buffered.length - 1].chunk === this.batch
  }

  begin (message) {
    this.message = message
    this.batch = new Batch(message.chunkedEncoding)
    this.socket.write(this.batch)
  }

  /** The Writable has come to the batches in it: none of them grows any more. */
  close () {
    this.message = null
    this.batch = null
  }

  /** Node takes its listeners off a socket that leaves HTTP (upgrade, CONNECT) before it hands it over. */
  leave () {
    this.socket.removeListener('removeListener', this.onRemoved)
    this.leaves = true
    this.close()
    this.giveBack(0)
  }

  /** @param {number} writing bytes that the Writable counts and has handed to us */
  giveBack (writing) {
    if (!this.leaves || this.state.length !== writing) return
    delete this.socket[kGather]
    forgetBuffered(this.socket)
    takeBack(this.socket, this.ours)
  }

  /** The Writable's `_write`. */
  sink (chunk, encoding, callback) {
    this.close()
    this.giveBack(chunk.length)
    if (chunk instanceof Batch) chunk = chunk.frame()
    if (chunk instanceof Error) return callback(chunk)
    _write.call(this.socket, chunk, encoding, callback)
  }

  /** The Writable's `_writev`. */
  sinkAll (chunks, callback) {
    this.close()
    this.giveBack(this.state.length)
    for (const entry of chunks) {
      if (!(entry.chunk instanceof Batch)) continue
      entry.chunk = entry.chunk.frame()
      if (entry.chunk instanceof Error) return callback(entry.chunk)
    }
    _writev.call(this.socket, chunks, callback)
  }
}

/**
 * What gathers the small writes on a socket, or null: only on Node's own TLS sockets, where the
 * pieces can't be told apart.
 * @returns {Gather | null}
 */
function gatherOf (socket) {
  const known = socket[kGather]
  if (known !== undefined) return known.isInPlace() ? known : null
  if (!socket.encrypted || !(socket instanceof net.Socket) || !isStock(socket)) return null
  const gather = new Gather(socket)
  Object.defineProperty(socket, kGather, { __proto__: null, value: gather, configurable: true })
  return gather
}

module.exports = { place, open, close, isStillOpen, gatherOf, MOST }
