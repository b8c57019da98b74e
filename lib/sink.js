'use strict'

// What a socket's Writable writes into, in the place of the socket's own: its bytes end in the native queue, behind
// those of messages. And what holds the Writable while any wait there: the callback of its write in flight is
// withheld. Where bytes of messages wait and no write is in flight, the barrier is, a write of no bytes.

const { native, Status } = require('./binding')
const { callAll } = require('./callbacks')
const { crossingCodeOf } = require('./encoding')
const { takeBuffered } = require('./lost-callbacks')
const { stock } = require('./takeover')

/** The barrier's chunk, known by identity. */
const BARRIER = Buffer.alloc(0)

/** @typedef {(error?: Error | null) => void} Callback */

class Sink {
  /** Bytes that the barrier stands for in the Writable's length. */
  barrierLength = 0
  /** The write in flight is the barrier's. */
  inBarrier = false
  /** The callback of the write in flight. @type {Callback | null} */
  release = null
  /** @param {import('./connection').Connection} connection */
  constructor (connection) {
    this.connection = connection
    this.socket = connection.socket
    this.state = connection.socket._writableState
  }

  /** Whether nothing is in the Writable but our barrier, not even a write of no bytes, which has a callback. */
  isEmpty () {
    const { state } = this
    return state.length === this.barrierLength && (this.release === null || (this.inBarrier && state.getBuffer().length === 0))
  }

  /** The Writable takes the barrier, unless it has ended. @returns {boolean} whether it did */
  putBarrier () {
    if (this.state.ending) return false
    this.socket.write(BARRIER)
    return true
  }

  /** @param {number} pending bytes in user memory */
  hold (pending) {
    if (this.release === null) this.putBarrier()
    this.adjust(pending)
    this.state.needDrain = true
  }

  /** The Writable's length counts the bytes that the barrier stands for. */
  adjust (pending) {
    if (!this.inBarrier) return
    const more = pending - this.barrierLength
    this.state.length += more
    this.state.writelen += more
    this.barrierLength = pending
  }

  /** The Writable goes on. @param {Error | null} error of its write in flight */
  letGo (error) {
    const { release } = this
    if (release === null) return
    this.release = null
    this.inBarrier = false
    this.barrierLength = 0
    if (error) callAll([() => release(error), ...takeBuffered(this.state, error)])
    else release()
  }

  /** `_write` */
  write (chunk, encoding, callback) {
    const { connection, socket } = this
    if (chunk === BARRIER) return this.writeBarrier(callback)
    if (connection.isStocks()) return stock._write.call(socket, chunk, encoding, callback)
    if (connection.pipeline !== null) return this.writeAll([{ chunk, encoding }], callback)
    socket._unrefTimer()
    this.written(native.append(connection.id, chunk, crossingCodeOf(chunk, encoding), 1), callback)
  }

  writeBarrier (callback) {
    const { connection } = this
    connection.oweDrain()
    // A cork held what was deferred, and now lets it go.
    if (connection.isDeferred) {
      this.written(native.flush(connection.id), callback)
      this.inBarrier = this.release !== null
      this.adjust(connection.pending)
      return
    }
    if (connection.pending === 0 || connection.id === 0) return callback()
    this.release = callback
    this.inBarrier = true
  }

  /** `_writev` */
  writeAll (chunks, callback) {
    const { connection, socket } = this
    if (connection.isStocks()) return stock._writev.call(socket, chunks, callback)
    socket._unrefTimer()
    const { id } = connection
    let status = Status.SENT
    for (const { chunk, encoding } of chunks) {
      if (chunk === BARRIER) continue
      status = native.append(id, chunk, crossingCodeOf(chunk, encoding), 0)
      if (status < 0) return this.written(status, callback)
    }
    if (connection.pipeline !== null) connection.follow(status)
    this.written(native.flush(id), callback)
  }

  /** `_final`: FIN goes out behind every byte. */
  final (callback) {
    const { connection, socket } = this
    const finish = () => stock._final.call(socket, callback)
    if (connection.id === 0 || connection.flush()) finish()
    else connection.onEmpty = finish
  }

  /** @param {number} status of the native queue, which has taken the write */
  written (status, callback) {
    const { connection } = this
    connection.read()
    connection.oweDrain()
    connection.isDeferred = false
    if (connection.inTick) connection.deliverSoon()
    else connection.answer()
    if (status === Status.SENT) {
      connection.giveBack()
      return callback()
    }
    if (status === Status.BLOCKED) {
      connection.seeToRoom()
      this.release = callback
      return
    }
    const error = connection.errorOf(status)
    // Before the Writable's, which it calls in the next tick, and with its error.
    if (connection.callbacks.length !== 0) connection.failSoon(null)
    connection.forget()
    callback(error)
  }
}

module.exports = { Sink }
