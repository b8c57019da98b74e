'use strict'

/** A small seeded generator (mulberry32): runs can be repeated. */
function randomFrom (seed) {
  let state = seed >>> 0
  return function random () {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `length` bytes that don't repeat soon, so that a lost or moved byte shows. */
function randomBytes (random, length) {
  const bytes = Buffer.allocUnsafe(length)
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + (4 - bytes.byteOffset % 4) % 4, Math.max(0, (length - 4) >> 2))
  bytes.fill(length & 0xff)
  let word = Math.floor(random() * 2 ** 32)
  for (let n = 0; n < words.length; n++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0
    words[n] = word
  }
  return bytes
}

module.exports = { randomFrom, randomBytes }
