'use strict'

// What differs between Node versions, found by looking and never by the version's number.

const http = require('node:http')
const { Duplex, Writable } = require('node:stream')
const { isWrapped } = require('./origin')

const message = new http.OutgoingMessage()
const { write, end, setHeader, _storeHeader } = http.OutgoingMessage.prototype
const server = new http.Server()

/** A symbol-keyed property of `object` by the symbol's description. */
function symbolOf (object, description) {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description)
}

/**
 * A message that no constructor has seen. Node's `EventEmitter.init` stays fast up to four hidden
 * classes: a server's socket, request and response, and one of the program's. A probe of another
 * class would take that last place (1.5 % of a response's CPU on Node 26, in every constructor).
 */
function unseenMessage () {
  return Object.create(http.OutgoingMessage.prototype, Object.getOwnPropertyDescriptors(message))
}

/** As `unseenMessage`. */
function unseenWritable (_write, options = {}) {
  const probe = Object.assign(Object.create(Writable.prototype), { _write })
  probe._writableState = new Writable.WritableState(options, probe, false)
  return probe
}

/**
 * The fields that the host's own rules leave on a message with a head. Asked when the first head is
 * made, not at load, by nothing that others wrap.
 */
function afterHead (fields, headers) {
  const probe = Object.assign(unseenMessage(), { statusCode: 200 }, fields)
  _storeHeader.call(probe, 'HTTP/1.1 200 OK\r\n', headers)
  return probe
}

/** Node 18 closes after removeHeader('connection'); later ones keep the connection. */
const removedConnectionCloses = () => afterHead({ _removedConnection: true })._last

/** Node 18 keeps a connection whose body has neither length nor chunks. */
const unframedKeepsAlive = () => !afterHead({ _removedContLen: true, _removedTE: true })._last

/** Node 18 keeps the Content-Length that the program has set as it is; later ones its number. */
const keepsContentLength = () => afterHead({}, { 'Content-Length': '1' })._contentLength === '1'

const kOutHeaders = symbolOf(message, 'kOutHeaders')

/** Up to Node 24 the fields are in an object without a prototype. */
function keepsBareFields () {
  const probe = unseenMessage()
  setHeader.call(probe, 'a', 'b')
  return Object.getPrototypeOf(probe[kOutHeaders]) === null
}

/** What a write callback gets on success: nothing on Node 18, null later. */
function successArguments () {
  let done
  let given
  const probe = unseenWritable((chunk, encoding, callback) => { done = callback })
  probe.write('x', (...values) => { given = values })
  done()
  return given
}

let bufferLabel

/** Up to Node 22 text may have the label 'buffer', which says nothing: it is UTF-8. */
function takesBufferLabel () {
  bufferLabel ??= probeBufferLabel()
  return bufferLabel
}

function probeBufferLabel () {
  try {
    unseenWritable((chunk, encoding, callback) => { callback() }, { decodeStrings: false }).write('x', 'buffer')
    return true
  } catch {
    return false
  }
}

const kChunkedLength = symbolOf(message, 'kChunkedLength')

/** Whether the host's own `write` holds chunks of the message back to join them (Node 22 and later). */
function holdsChunks (one) {
  return kChunkedLength !== undefined && one[kChunkedLength] > 0
}

let corkBreaks

/**
 * Whether what the host keeps under a cork may leave out of its order: Node 22 and 24 put the last chunk
 * in front of it; 26, after an `uncork` without a `cork`, the chunks that follow.
 * @param {number} corked the message's own count
 */
function corkIsBroken (corked) {
  if (!corked || kChunkedLength === undefined) return false
  corkBreaks ??= isWrapped({ write }, 'write') || isWrapped({ end }, 'end') || probeCork()
  return corkBreaks || corked < 0
}

/** By the host's own methods, on a message of which no wrapper of others hears. */
function probeCork () {
  let wire = ''
  const probe = unseenMessage()
  const sink = unseenWritable((chunk, encoding, callback) => { wire += chunk; callback() })
  sink._httpMessage = probe
  probe.socket = sink
  probe.emit = () => false
  probe._implicitHeader = () => probe._storeHeader('HTTP/1.1 200 OK\r\n', {})
  probe.cork()
  write.call(probe, 'a')
  write.call(probe, 'b')
  end.call(probe)
  const last = wire.indexOf('\r\n0\r\n\r\n')
  return last >= 0 && !wire.endsWith('0\r\n\r\n')
}

module.exports = {
  symbolOf,
  kOutHeaders,
  kNeedDrain: symbolOf(message, 'kNeedDrain'),
  kCorked: symbolOf(message, 'corked'),
  kErrored: symbolOf(message, 'errored'),
  kBytesWritten: symbolOf(message, 'kBytesWritten'),
  holdsChunks,
  kEndCallbacks: symbolOf(message, 'kEndCallbacks'),
  kFlushError: symbolOf(message, 'kFlushError'),
  kWritableFinished: symbolOf(message, 'kWritableFinished'),
  kUniqueHeaders: symbolOf(server, 'kUniqueHeaders'),
  kServerResponse: symbolOf(server, 'ServerResponse'),
  removedConnectionCloses,
  unframedKeepsAlive,
  keepsContentLength,
  keepsBareFields,
  corkIsBroken,
  losesCallbacks: Duplex.prototype.destroy !== Writable.prototype.destroy,
  successArguments,
  takesBufferLabel
}
