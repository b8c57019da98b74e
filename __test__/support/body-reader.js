'use strict'

const { createHash } = require('node:crypto')

/**
 * Reads the body of one response with a Content-Length or until close as it
 * comes, without keeping it: `onPiece` for a RawClient with `keep: false`.
 */
class BodyReader {
  /** The head, once it is complete. */
  head = null
  /** Bytes of the body so far. */
  length = 0
  #hash = createHash('sha256')
  #before = Buffer.alloc(0)

  onPiece = (piece) => {
    if (this.head === null) {
      this.#before = Buffer.concat([this.#before, piece])
      const end = this.#before.indexOf('\r\n\r\n')
      if (end < 0) return
      this.head = this.#before.toString('latin1', 0, end)
      piece = this.#before.subarray(end + 4)
    }
    this.length += piece.length
    this.#hash.update(piece)
  }

  /** Hash of the whole body; call it once. */
  digest () { return this.#hash.digest('hex') }
}

const sha256 = (...pieces) => {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

module.exports = { BodyReader, sha256 }
