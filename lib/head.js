'use strict'

// Arguments and visible fields of the head and the trailer section; the rules are in Rust.

const http = require('node:http')
const timers = require('node:timers')
const { native, HeadBits, Page } = require('./binding')
const host = require('./host')

const hostPrototype = http.OutgoingMessage.prototype
const hostStoreHeader = hostPrototype._storeHeader
const hostAddTrailers = hostPrototype.addTrailers
const page = native?.page
// A program may replace the global ones: the time on the wire stays the system's.
const { now } = Date
const { setTimeout } = timers

let hostBits = -1
let keepsContentLength = false

/** The host's own rules, asked once. */
function askHost () {
  hostBits = (host.removedConnectionCloses() ? HeadBits.REMOVED_CONNECTION_CLOSES : 0) |
    (host.unframedKeepsAlive() ? HeadBits.UNFRAMED_KEEPS_ALIVE : 0)
  keepsContentLength = host.keepsContentLength()
}

function bitsOf (message, validate) {
  if (hostBits < 0) askHost()
  const contentLength = message._contentLength
  return hostBits |
    (message.sendDate ? HeadBits.SEND_DATE : 0) |
    (message._removedConnection ? HeadBits.REMOVED_CONNECTION : 0) |
    (message._removedContLen ? HeadBits.REMOVED_CONTENT_LENGTH : 0) |
    (message._removedTE ? HeadBits.REMOVED_TRANSFER_ENCODING : 0) |
    (message.shouldKeepAlive ? HeadBits.SHOULD_KEEP_ALIVE : 0) |
    (message.maxRequestsOnConnectionReached ? HeadBits.MAX_REQUESTS_REACHED : 0) |
    (message.useChunkedEncodingByDefault ? HeadBits.USE_CHUNKED_BY_DEFAULT : 0) |
    (message.agent ? HeadBits.HAS_AGENT : 0) |
    (message._defaultKeepAlive ? HeadBits.DEFAULT_KEEP_ALIVE : 0) |
    (message._hasBody ? HeadBits.HAS_BODY : 0) |
    (message.chunkedEncoding ? HeadBits.CHUNKED : 0) |
    (message.statusCode === 204 || message.statusCode === 304 ? HeadBits.BODILESS_STATUS : 0) |
    (message._last ? HeadBits.LAST : 0) |
    (validate ? HeadBits.VALIDATE : 0) |
    (message._isLenientHeaderValidation?.() ? HeadBits.LENIENT : 0) |
    (typeof contentLength === 'number' ? HeadBits.HAS_CONTENT_LENGTH : 0) |
    (contentLength ? HeadBits.NONZERO_CONTENT_LENGTH : 0)
}

/** Appends a field as src/binding/head.rs takes it. @returns {boolean} false for what Node refuses */
function pushField (fields, message, name, value) {
  if (typeof name !== 'string' || value === undefined) return false
  // With a known length Node makes a Buffer of this field's value, which a number can't become.
  if (name.length === 19 && message._contentLength && name.toLowerCase() === 'content-disposition') {
    const values = Array.isArray(value) ? value : [value]
    if (!values.every((one) => typeof one === 'string')) return false
  }
  fields.push(name)
  if (typeof value === 'string') fields.push(value)
  else if (Array.isArray(value)) {
    const unique = message[host.kUniqueHeaders]?.has(name.toLowerCase())
    fields.push(unique ? -value.length - 1 : value.length)
    for (const one of value) {
      if (one === undefined) return false
      fields.push(`${one}`)
    }
  } else fields.push(`${value}`)
  return true
}

function pushFields (fields, message, headers) {
  if (!headers) return true
  if (headers === message[host.kOutHeaders]) {
    for (const key in headers) {
      if (!pushField(fields, message, headers[key][0], headers[key][1])) return false
    }
    return true
  }
  if (Array.isArray(headers)) {
    if (Array.isArray(headers[0])) return headers.every((entry) => pushField(fields, message, entry[0], entry[1]))
    if (headers.length % 2 !== 0) return false
    for (let n = 0; n < headers.length; n += 2) {
      if (!pushField(fields, message, headers[n], headers[n + 1])) return false
    }
    return true
  }
  return Object.keys(headers).every((name) => pushField(fields, message, name, headers[name]))
}

/**
 * @typedef {object} Rendered
 * @property {unknown[]} input what the head was made of
 * @property {number} second of its date
 * @property {number} bits what it says of the message
 * @property {number} declared the Content-Length that the program has set
 * @property {string | number} head minus an error's code where there is none
 */

/**
 * The heads rendered last, by status and number of fields. A head is the same text when everything
 * that goes into it is, and most responses of a server repeat one: rendering costs 1.3 µs, this 0.2.
 * @type {(Rendered | undefined)[]}
 */
const rendered = new Array(64).fill(undefined)
/** Places before the fields: bits, Content-Length, Keep-Alive's timeout and limit, first line. */
const FIRST_FIELD = 5
const MOST_FIELDS = 64

function isSame (before, input) {
  const { length } = input
  if (before.length !== length) return false
  for (let n = 0; n < length; n++) {
    if (before[n] !== input[n]) return false
  }
  return true
}

/** Of now, as long as its timer has not come; 0 else. As Node keeps its date (`utcDate`, `internal/http`). */
let second = 0

function forgetSecond () {
  second = 0
}

function currentSecond () {
  if (second !== 0) return second
  const time = now()
  second = Math.floor(time / 1000)
  setTimeout(forgetSecond, 1000 - time % 1000).unref()
  return second
}

/** @returns {Rendered} */
function render (input, status) {
  const date = input[0] & HeadBits.SEND_DATE ? currentSecond() : 0
  const place = (status + input.length * 7) & 63
  const known = rendered[place]
  if (known !== undefined && known.second === date && isSame(known.input, input)) return known
  const head = native.renderHead(...input)
  const entry = { input, second: date, bits: page[Page.HEAD_BITS], declared: page[Page.DECLARED_LENGTH], head }
  if (input.length <= FIRST_FIELD + 2 * MOST_FIELDS) rendered[place] = entry
  return entry
}

/** The host's own error, with what it does to the fields before it throws. */
function refuse (message, firstLine, headers) {
  const own = Object.getOwnPropertyDescriptor(message, '_send')
  // With an expectation it sends what it has stored.
  message._send = () => false
  try {
    hostStoreHeader.call(message, firstLine, headers)
  } finally {
    if (own === undefined) delete message._send
    else Object.defineProperty(message, '_send', own)
  }
  // It let pass what would have split the message on the wire.
  message._header = null
  http.validateHeaderValue('head', '\n')
}

/** Overrides the host's: renders the head and sets the fields that follow from it. */
function _storeHeader (firstLine, headers) {
  const before = bitsOf(this, headers !== this[host.kOutHeaders])
  const input = [before, typeof this._contentLength === 'number' ? this._contentLength : 0,
    +this._keepAliveTimeout || 0, +this._maxRequestsPerSocket || 0, `${firstLine}`]
  const result = pushFields(input, this, headers) ? render(input, this.statusCode | 0) : null
  if (result === null || typeof result.head !== 'string') {
    refuse(this, firstLine, headers)
  }
  const after = result.bits
  if (after !== before) apply(this, after, result.declared)
  if (keepsContentLength && after & HeadBits.SAW_CONTENT_LENGTH) this._contentLength = declaredIn(this, headers)
  this._header = result.head
  this._headerSent = false
  // The peer waits for the head before it lets the body come (RFC 9110 section 10.1.1).
  if (after & HeadBits.EXPECT) this._send('')
}

/** The Content-Length that the program has set last, as it is. */
function declaredIn (message, headers) {
  let entries
  if (headers === message[host.kOutHeaders]) entries = Object.values(headers)
  else if (!Array.isArray(headers)) entries = Object.entries(headers)
  else if (Array.isArray(headers[0])) entries = headers
  else entries = headers.map((name, n) => n % 2 === 0 ? [name, headers[n + 1]] : [''])
  const [, declared] = entries.findLast(([name]) => name.toLowerCase() === 'content-length')
  return Array.isArray(declared) ? declared.at(-1) : declared
}

function apply (message, bits, declared) {
  message._removedConnection = (bits & HeadBits.REMOVED_CONNECTION) !== 0
  message._removedContLen = (bits & HeadBits.REMOVED_CONTENT_LENGTH) !== 0
  message._removedTE = (bits & HeadBits.REMOVED_TRANSFER_ENCODING) !== 0
  message.shouldKeepAlive = (bits & HeadBits.SHOULD_KEEP_ALIVE) !== 0
  message._defaultKeepAlive = (bits & HeadBits.DEFAULT_KEEP_ALIVE) !== 0
  message.chunkedEncoding = (bits & HeadBits.CHUNKED) !== 0
  message._last = (bits & HeadBits.LAST) !== 0
  if (bits & HeadBits.SAW_CONTENT_LENGTH) message._contentLength = declared
}

/** Overrides the host's: renders the trailer section. */
function addTrailers (headers) {
  const fields = [this._isLenientHeaderValidation?.() ? 1 : 0]
  const isArray = Array.isArray(headers)
  const complete = Object.keys(headers).every((key) => {
    const [name, value] = isArray ? headers[key] : [key, headers[key]]
    return pushField(fields, this, name, value)
  })
  const section = complete ? native.renderTrailers(...fields) : -1
  if (typeof section !== 'string') return hostAddTrailers.call(this, headers)
  this._trailer = section
}

module.exports = { _storeHeader, addTrailers }
