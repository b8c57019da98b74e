'use strict'

// Counts what the writes of one response come to, by wrapping `write` on the
// instance, as middleware does; and prints one line when the response is over.

/** The value of `socket.bytesWritten` when the last response on it was over. */
const accounted = new WeakMap()

/**
 * @typedef {object} WriteRecord one call of `write`
 * @property {number} write its number, from 1
 * @property {boolean} accepted what `write` returned: the kernel has it, or has the room
 * @property {number} bytes the chunk's length
 * @property {number} waiting bytes up to this write in user memory once the event
 *   loop has turned: what `write` deferred has been handed over by then
 * @property {number} drains how many `drain` events came before
 */

/** @typedef {{ event: 'drain' }} DrainRecord */

class Tally {
  writes = 0
  accepted = 0
  queued = 0
  drains = 0
  /** Gets each write and drain, in their order. @type {((record: WriteRecord | DrainRecord) => void) | undefined} */
  onRecord

  #started = process.hrtime.bigint()
  /** What happened in this turn of the event loop. @type {(WriteRecord | DrainRecord)[]} */
  #turn = []

  /**
   * @param {import('node:http').IncomingMessage} req
   * @param {import('../..').ServerResponse} res
   */
  constructor (req, res) {
    const { socket } = req
    const write = res.write
    res.write = (...writeArguments) => {
      const accepted = write.apply(res, writeArguments)
      this.#count(res, writeArguments[0], accepted)
      return accepted
    }
    res.on('drain', () => {
      this.drains++
      this.#record(res, { event: 'drain' })
    })
    let bytes = 0
    const settle = () => {
      const total = socket.bytesWritten
      bytes = total - (accounted.get(socket) ?? 0)
      accounted.set(socket, total)
    }
    // Before Node's own listener, which may start the next response at once.
    res.prependOnceListener('finish', settle)
    res.once('close', () => {
      if (!res.writableFinished) settle()
      console.log(this.#line(req, res, bytes))
    })
  }

  #count (res, chunk, accepted) {
    this.writes++
    if (accepted) this.accepted++
    else this.queued++
    this.#record(res, { write: this.writes, accepted, bytes: chunk.length, waiting: 0, drains: this.drains })
  }

  #record (res, record) {
    if (this.onRecord === undefined) return
    if (this.#turn.length === 0) setImmediate(() => this.#report(res))
    this.#turn.push(record)
  }

  #report (res) {
    // What waits is the tail of what was written: the last writes of the turn come first.
    let waiting = res.writableLength
    const records = this.#turn.splice(0)
    for (const record of [...records].reverse()) {
      if (!('write' in record)) continue
      record.waiting = Math.max(0, waiting)
      waiting -= record.bytes
    }
    for (const record of records) this.onRecord(record)
  }

  #line (req, res, bytes) {
    const milliseconds = Number(process.hrtime.bigint() - this.#started) / 1e6
    return [
      req.method.padEnd(4),
      printable(req.url).padEnd(24),
      res.statusCode,
      framing(res).padEnd(23),
      `${plural(this.writes, 'write')} (${this.accepted} true, ${this.queued} false)`.padEnd(34),
      plural(this.drains, 'drain').padEnd(9),
      `${bytes} bytes`.padEnd(15),
      `${milliseconds.toFixed(1)} ms${res.writableFinished ? '' : ', cut short'}`
    ].join('  ')
  }
}

const shownTarget = 60

/** A request target as the terminal may show it: no control character, and not without end. */
function printable (target) {
  const text = target.replace(/[^!-~]/g, encodeURIComponent)
  return text.length <= shownTarget ? text : `${text.slice(0, shownTarget - 1)}…`
}

/** @param {number} count @param {string} noun */
function plural (count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/**
 * How the end of the body is marked, read from the head that was sent.
 * @param {import('../..').ServerResponse} res
 */
function framing (res) {
  if (!res.headersSent) return 'no head sent'
  if (res.req.method === 'HEAD' || res.statusCode === 204 || res.statusCode === 304) return 'none'
  if (res.chunkedEncoding) return 'chunked'
  const length = /^content-length: *(\d+)/im.exec(res._header)
  return length === null ? 'until close' : `content-length ${length[1]}`
}

module.exports = { Tally, plural }
