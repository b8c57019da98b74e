'use strict'

// Arguments and visible fields of the head and the trailer section; the rules are in Rust.

const http = require('node:http')
const timers = require('node:timers')
const { native, HeadBits, Page } = require('./binding')
const host = require('./host')
const { breaks } = require('./interim')

const hostPrototype = http.OutgoingMessage.prototype
const hostStoreHeader = hostPrototype._storeHeader
const hostAddTrailers = hostPrototype.addTrailers
/** In late releases of Node 24, and since. */
const hasLeniency = hostPrototype._isLenientHeaderValidation !== undefined
const page = native?.page
// A program may replace the global ones: the time on the wire stays the system's.
const { now } = Date
const { setTimeout } = timers

const isLenient = (message) => hasLeniency && message._isLenientHeaderValidation()

let hostBits = -1
let keepsContentLength = false

/** The host's own rules, asked once. */
function askHost () {
  hostBits = (host.removedConnectionCloses() ? HeadBits.REMOVED_CONNECTION_CLOSES : 0) |
    (host.unframedKeepsAlive() ? HeadBits.UNFRAMED_KEEPS_ALIVE : 0)
  keepsContentLength = host.keepsContentLength()
}

/**
 * Where a framework gives each message a hidden class of its own (Express), each name that is looked up
 * costs 0.2 µs, and 0.4 µs where it is stored: what decides nothing is passed by, here and in `apply`.
 */
function bitsOf (message, statusCode, validate) {
  if (hostBits < 0) askHost()
  const contentLength = message._contentLength
  const usesChunks = message.useChunkedEncodingByDefault
  return hostBits |
    (message.sendDate ? HeadBits.SEND_DATE : 0) |
    (message._removedConnection ? HeadBits.REMOVED_CONNECTION : 0) |
    (message._removedContLen ? HeadBits.REMOVED_CONTENT_LENGTH : 0) |
    (message._removedTE ? HeadBits.REMOVED_TRANSFER_ENCODING : 0) |
    (message.shouldKeepAlive ? HeadBits.SHOULD_KEEP_ALIVE : 0) |
    (message.maxRequestsOnConnectionReached ? HeadBits.MAX_REQUESTS_REACHED : 0) |
    (usesChunks ? HeadBits.USE_CHUNKED_BY_DEFAULT : message.agent ? HeadBits.HAS_AGENT : 0) |
    (message._defaultKeepAlive ? HeadBits.DEFAULT_KEEP_ALIVE : 0) |
    (message._hasBody ? HeadBits.HAS_BODY : 0) |
    (message.chunkedEncoding ? HeadBits.CHUNKED : 0) |
    (statusCode === 204 || statusCode === 304 ? HeadBits.BODILESS_STATUS : 0) |
    (message._last ? HeadBits.LAST : 0) |
    (validate ? HeadBits.VALIDATE : 0) |
    (isLenient(message) ? HeadBits.LENIENT : 0) |
    (typeof contentLength === 'number' ? HeadBits.HAS_CONTENT_LENGTH : 0) |
    (contentLength ? HeadBits.NONZERO_CONTENT_LENGTH : 0)
}

/**
 * Fields of which Node makes more than text, where they aren't: a Content-Length's number, and, where a length
 * is known, Buffers of a Content-Disposition's values, in their array (`processHeader`, `_http_outgoing.js`).
 */
function isHosts (name, value) {
  if (name.length === 14) return typeof value !== 'number' && name.toLowerCase() === 'content-length'
  return name.length === 19 && name.toLowerCase() === 'content-disposition'
}

/** Arguments of a native call, in an array that is used again: one a head is 0.1 µs. */
class Arguments {
  constructor () {
    this.values = []
    this.length = 0
  }

  push (value) {
    this.values[this.length++] = value
  }

  /**
   * A field as src/binding/head.rs takes it.
   * @param {boolean} isTrailer lists are joined by other rules than a head's
   * @returns {boolean} false for what is left to the host
   */
  pushField (message, name, value, isTrailer = false) {
    if (typeof name !== 'string' || value === undefined) return false
    if (typeof value === 'string') {
      this.push(name)
      this.push(value)
      return true
    }
    if (!isTrailer && isHosts(name, value)) return false
    this.push(name)
    if (Array.isArray(value)) return this.pushList(message, name, value, isTrailer)
    // As Node joins it: what an object's `valueOf` gives goes before its `toString`.
    this.push('' + value)
    return true
  }

  pushList (message, name, values, isTrailer) {
    const { length } = values
    const isUnique = Boolean(message[host.kUniqueHeaders]?.has(name.toLowerCase()))
    const isJoined = isUnique || (isTrailer ? length < 2 : length > 1 && name.length === 6 && name.toLowerCase() === 'cookie')
    this.push(isUnique ? -length - 1 : length)
    for (const one of values) {
      // As `Array.prototype.join` has them.
      if (isJoined) this.push(one == null ? '' : `${one}`)
      else if (one === undefined && !isTrailer && this.values[0] & HeadBits.VALIDATE) return false
      else this.push('' + one)
    }
    return true
  }

  pushFields (message, headers) {
    if (!headers) return true
    if (headers === message[host.kOutHeaders]) {
      // `for in` looks at each once more, whether it is still there: 45 ns of 8 fields. A value's `toString` may
      // have removed one.
      for (const key of Object.keys(headers)) {
        const entry = headers[key]
        if (entry !== undefined && !this.pushField(message, entry[0], entry[1])) return false
      }
      return true
    }
    if (Array.isArray(headers)) {
      if (Array.isArray(headers[0])) return headers.every((entry) => this.pushField(message, entry[0], entry[1]))
      if (headers.length % 2 !== 0) return false
      for (let n = 0; n < headers.length; n += 2) {
        if (!this.pushField(message, headers[n], headers[n + 1])) return false
      }
      return true
    }
    return Object.keys(headers).every((name) => this.pushField(message, name, headers[name]))
  }

  /** A copy of them. */
  taken () {
    return this.values.slice(0, this.length)
  }
}

/** Null while a head is made: a value's `toString` may make another. @type {Arguments | null} */
let spare = new Arguments()

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
const CONTENT_LENGTH = 1
const MOST_FIELDS = 64
/** They stand on the stack. A head of more is the host's. */
const MOST_ARGUMENTS = 10_000

function isSame (before, { values, length }) {
  if (before.length !== length) return false
  for (let n = 0; n < length; n++) {
    if (before[n] !== values[n]) return false
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
  // An integer for V8 too: a double would make it put away the hidden class of all timers.
  setTimeout(forgetSecond, (1000 - time % 1000) | 0).unref()
  return second
}

/** @param {Arguments} input @returns {Rendered} */
function render (input, status) {
  const date = input.values[0] & HeadBits.SEND_DATE ? currentSecond() : 0
  const place = (status + input.length * 7) & 63
  const known = rendered[place]
  if (known !== undefined && known.second === date && isSame(known.input, input)) return known
  const taken = input.taken()
  const head = native.renderHead(date, ...taken)
  const entry = { input: taken, second: date, bits: page[Page.HEAD_BITS], declared: page[Page.DECLARED_LENGTH], head }
  if (taken.length <= FIRST_FIELD + 2 * MOST_FIELDS) rendered[place] = entry
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

/** False where a value's `toString` throws, too. */
function unlessThrown (holds) {
  try {
    return holds()
  } catch {
    return false
  }
}

/** @returns {Rendered | null} null for what is left to the host */
function renderFor (message, bits, statusCode, firstLine, headers) {
  const input = spare ?? new Arguments()
  spare = null
  try {
    input.length = 0
    input.push(bits)
    input.push(bits & HeadBits.HAS_CONTENT_LENGTH ? message._contentLength : 0)
    input.push(+message._keepAliveTimeout || 0)
    input.push(+message._maxRequestsPerSocket || 0)
    input.push(`${firstLine}`)
    return input.pushFields(message, headers) && input.length <= MOST_ARGUMENTS ? render(input, statusCode | 0) : null
  } catch {
    // What a value's `toString` throws, Node comes to in its turn: behind the names, and the fields before it.
    return null
  } finally {
    spare = input
  }
}

/** Overrides the host's: renders the head and sets the fields that follow from it. */
function _storeHeader (firstLine, headers) {
  const { statusCode } = this
  const before = bitsOf(this, statusCode, headers !== this[host.kOutHeaders])
  const result = renderFor(this, before, statusCode, firstLine, headers)
  if (result === null) return storeByHost(this, firstLine, headers)
  if (typeof result.head !== 'string') refuse(this, firstLine, headers)
  const after = result.bits
  if (after !== before) apply(this, before, after, result)
  if (keepsContentLength && after & HeadBits.SAW_CONTENT_LENGTH) this._contentLength = declaredIn(this, headers)
  this._header = result.head
  // To look is half of what it costs to store (`bitsOf`).
  if (this._headerSent !== false) this._headerSent = false
  // The peer waits for the head before it lets the body come (RFC 9110 section 10.1.1).
  if (after & HeadBits.EXPECT) this._send('')
}

/** @returns {unknown[][]} names and values */
function entriesOf (message, headers) {
  if (headers === message[host.kOutHeaders]) return Object.values(headers)
  if (!Array.isArray(headers)) return Object.entries(headers)
  if (Array.isArray(headers[0])) return headers
  return headers.flatMap((name, n) => n % 2 === 0 ? [[name, headers[n + 1]]] : [])
}

/** As `refuse`, for what the host lets pass, and what it throws at. */
function storeByHost (message, firstLine, headers) {
  const hasBreak = (text) => unlessThrown(() => breaks('' + text))
  if (entriesOf(message, headers).some(([name, value]) => [name, value].flat(2).some(hasBreak))) refuse(message, firstLine, headers)
  hostStoreHeader.call(message, firstLine, headers)
}

/** The Content-Length that the program has set last, as it is. */
function declaredIn (message, headers) {
  const [, declared] = entriesOf(message, headers).findLast(([name]) => name.toLowerCase() === 'content-length')
  return Array.isArray(declared) ? declared.at(-1) : declared
}

/** @param {number} before what was known of the message, as bits @param {Rendered} rendered */
function apply (message, before, bits, { input, declared }) {
  const changed = bits ^ before
  if (changed & HeadBits.REMOVED_CONNECTION) message._removedConnection = (bits & HeadBits.REMOVED_CONNECTION) !== 0
  if (changed & HeadBits.REMOVED_CONTENT_LENGTH) message._removedContLen = (bits & HeadBits.REMOVED_CONTENT_LENGTH) !== 0
  if (changed & HeadBits.REMOVED_TRANSFER_ENCODING) message._removedTE = (bits & HeadBits.REMOVED_TRANSFER_ENCODING) !== 0
  if (changed & HeadBits.SHOULD_KEEP_ALIVE) message.shouldKeepAlive = (bits & HeadBits.SHOULD_KEEP_ALIVE) !== 0
  if (changed & HeadBits.DEFAULT_KEEP_ALIVE) message._defaultKeepAlive = (bits & HeadBits.DEFAULT_KEEP_ALIVE) !== 0
  if (changed & HeadBits.CHUNKED) message.chunkedEncoding = (bits & HeadBits.CHUNKED) !== 0
  if (changed & HeadBits.LAST) message._last = (bits & HeadBits.LAST) !== 0
  const isSet = (before & HeadBits.HAS_CONTENT_LENGTH) !== 0 && Object.is(input[CONTENT_LENGTH], declared)
  if (bits & HeadBits.SAW_CONTENT_LENGTH && !isSet) message._contentLength = declared
}

/** Overrides the host's: renders the trailer section. */
function addTrailers (headers) {
  const input = new Arguments()
  input.push(isLenient(this) ? 1 : 0)
  const isArray = Array.isArray(headers)
  const complete = unlessThrown(() => Object.keys(headers).every((key) => {
    const [name, value] = isArray ? headers[key] : [key, headers[key]]
    return input.pushField(this, name, value, true)
  }))
  const section = complete && input.length <= MOST_ARGUMENTS ? native.renderTrailers(...input.taken()) : -1
  if (typeof section !== 'string') return hostAddTrailers.call(this, headers)
  this._trailer = section
}

module.exports = { _storeHeader, addTrailers }
