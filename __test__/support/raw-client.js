'use strict'

const net = require('node:net')
const tls = require('node:tls')
const { once } = require('node:events')
const { deferred } = require('./event-loop')

/**
 * A client that knows nothing of HTTP: it sends bytes, and keeps those that
 * come back. It reads by `onread` into a buffer of its own size, so that not a
 * byte leaves the kernel while it is paused.
 */
class RawClient {
  #socket
  #transport
  #pieces = []
  #joined = Buffer.alloc(0)
  #paused = false
  #waiting = []
  #afterPiece = null

  /** Bytes received. */
  length = 0
  /** The peer has sent its FIN. */
  ended = false
  isClosed = false
  error = null

  /**
   * @param {import('./servers').Address} address
   * @param {{ pieceSize?: number, paused?: boolean, keep?: boolean,
   *   onPiece?: (piece: Buffer) => void, holdOpen?: boolean }} [options]
   *   `keep: false` forgets the bytes (`onPiece` sees them);
   *   `holdOpen` leaves our side open after the peer's FIN.
   */
  static async connect (address, options = {}) {
    const client = new RawClient(address, options)
    await client.#opened
    if (options.paused) client.pause()
    return client
  }

  #opened

  constructor (address, { pieceSize = 65536, paused = false, keep = true, onPiece, holdOpen = false }) {
    const onread = {
      buffer: Buffer.allocUnsafe(pieceSize),
      callback: (size, buffer) => this.#receive(Buffer.from(buffer.subarray(0, size)), keep, onPiece)
    }
    const { transport, ...where } = address
    this.#transport = transport
    const options = { ...where, onread, allowHalfOpen: true }
    this.#paused = paused
    this.#socket = transport === 'tls'
      ? tls.connect({ ...options, rejectUnauthorized: false })
      : net.connect(options)
    this.#opened = once(this.#socket, transport === 'tls' ? 'secureConnect' : 'connect')
    const closed = deferred()
    /** @type {Promise<RawClient>} */
    this.closed = closed.promise
    this.#socket.on('error', (error) => { this.error = error })
    this.#socket.on('end', () => {
      this.ended = true
      if (!holdOpen) this.#socket.end()
      this.#wake()
    })
    this.#socket.on('close', () => {
      this.isClosed = true
      this.#wake()
      closed.resolve(this)
    })
  }

  #receive (piece, keep, onPiece) {
    this.length += piece.length
    if (keep) this.#pieces.push(piece)
    onPiece?.(piece)
    this.#wake()
    this.#afterPiece?.()
    return !this.#paused
  }

  #wake () {
    const waiting = this.#waiting
    this.#waiting = []
    for (const check of waiting) check()
  }

  get localPort () { return this.#socket.localPort }

  /** Everything received. */
  get bytes () {
    if (this.#pieces.length > 0) {
      this.#joined = Buffer.concat([this.#joined, ...this.#pieces])
      this.#pieces = []
    }
    return this.#joined
  }

  get text () { return this.bytes.toString('latin1') }

  /** @param {string | Buffer} bytes a string is latin1 */
  send (bytes) {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  pause () {
    this.#paused = true
    this.#socket.pause()
  }

  resume () {
    this.#paused = false
    this.#socket.resume()
  }

  /** Sends our FIN and reads on. */
  halfClose () { this.#socket.end() }

  /** Closes with a RST, where the transport has one: plain TCP. */
  reset () {
    if (this.#transport === 'tcp') this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  destroy () { this.#socket.destroy() }

  /**
   * Reads one piece, rests for a random number of turns of the event loop,
   * reads the next.
   * @param {() => number} random in [0, 1)
   * @param {number} mostTurns
   */
  readSlowly (random, mostTurns = 4) {
    const rest = (turns) => {
      if (this.isClosed) return
      if (turns <= 0) this.resume()
      else setImmediate(rest, turns - 1)
    }
    this.#afterPiece = () => {
      this.pause()
      rest(Math.floor(random() * mostTurns))
    }
    this.resume()
  }

  /** Reads as fast as it may from here on. */
  readFast () {
    this.#afterPiece = null
    this.resume()
  }

  /**
   * Resolves when `condition` holds; checked whenever bytes, a FIN or a close
   * arrive. Rejects when the connection closes and it doesn't.
   * @param {(client: RawClient) => unknown} condition
   */
  until (condition) {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (condition(this)) resolve(this)
        else if (this.isClosed) reject(new Error(`closed before the condition held (${this.length} bytes, ${this.error})`))
        else this.#waiting.push(check)
      }
      check()
    })
  }
}

module.exports = { RawClient }
