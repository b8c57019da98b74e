'use strict'

const { isUint8Array } = require('node:util/types')
const { native, BYTES, LONG_LATIN1, LONG_WIDE } = require('./binding')
const errors = require('./errors')
const host = require('./host')

/** The global one is a getter's: 15 ns. */
const { byteLength, isEncoding: isHostsEncoding } = Buffer

/** @type {Map<string, number>} */
const codes = new Map()

/** Labels are few; a program that invents them must not fill memory. */
const MOST_LABELS = 1000

function lookup (label) {
  let code = codes.get(label)
  if (code === undefined) {
    code = typeof label === 'string' ? native.encodingCode(label) : -1
    if (codes.size < MOST_LABELS) codes.set(label, code)
  }
  return code
}

/**
 * The code of an encoding; UTF-8 for none.
 * @throws {TypeError} ERR_UNKNOWN_ENCODING
 */
function codeOf (label) {
  if (!label || label === 'utf8') return 0
  const code = lookup(label)
  if (code >= 0) return code
  if (label === 'buffer' && host.takesBufferLabel()) return 0
  throw errors.unknownEncoding(label)
}

/** Node's own names, by code. */
const NAMES = ['utf8', 'utf16le', 'latin1', 'ascii', 'base64', 'base64url', 'hex']

/**
 * The label as the host takes it beside a chunk: some labels of its encodings are not its own, and
 * beside bytes it checks the label though it has no use for it.
 * @param {number | null} code of a string's encoding; null for bytes
 * @throws {TypeError} ERR_UNKNOWN_ENCODING
 */
function hostsLabel (label, code) {
  if (!label || label === 'utf8' || isHostsEncoding(label)) return label
  // A stream passes on what its own `_write` was given. By 'utf8' the head would become UTF-8, too.
  if (label === 'buffer') return code === null ? label : 'utf-8'
  if (code !== null) return NAMES[code] ?? label
  codeOf(label)
  return null
}

/** Whether `write` takes the label. */
function isEncoding (label) {
  return typeof label === 'string' && lookup(label) >= 0
}

/** Whether a chunk is bytes, or text in UTF-8, of which no label has to be looked up. */
function isUnlabelled (chunk, encoding) {
  return typeof chunk === 'string'
    ? encoding === undefined || encoding === 'utf8'
    : isUint8Array(chunk) && (encoding === undefined || encoding === null || encoding === 'buffer')
}

/** The number of bytes of a chunk, exactly. */
function lengthOf (chunk, code) {
  if (typeof chunk !== 'string') return chunk.byteLength
  if (code === 0) return byteLength(chunk, 'utf8')
  if (code === 2 || code === 3) return chunk.length
  return native.byteLength(chunk, code)
}

/** In code units. Of ASCII, shorter ones would take 0.02 µs more than by V8. */
const LONG = 512

/**
 * A string that V8 keeps in bytes can't match, and isn't looked through: 8 ns. A program may replace the
 * prototype's method.
 */
const wide = /[\u0100-\uffff]/
const { exec } = RegExp.prototype

/**
 * The code by which a string crosses: of UTF-8, the one that suits it. simdutf encodes 1 KiB with accents
 * in 0.03 µs, and V8 in 0.33; 1024 Chinese characters in 0.3, and V8 in 1.3.
 */
function crossingCode (text, code) {
  if (code !== 0 || text.length < LONG) return code
  return exec.call(wide, text) === null ? LONG_LATIN1 : LONG_WIDE
}

/** The code by which a chunk of a Writable's crosses. */
function crossingCodeOf (chunk, encoding) {
  return typeof chunk === 'string' ? crossingCode(chunk, codeOf(encoding)) : BYTES
}

/** Bytes that a message has queued; Node counts strings in code units (`outputSize`). */
function queuedLength ({ outputData }) {
  let length = 0
  for (const { data, encoding } of outputData) {
    length += typeof data === 'string' ? lengthOf(data, codeOf(encoding)) : data.length
  }
  return length
}

module.exports = { codeOf, crossingCode, crossingCodeOf, hostsLabel, isEncoding, isUnlabelled, lengthOf, queuedLength }
