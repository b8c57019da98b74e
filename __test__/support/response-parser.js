'use strict'

// A parser of HTTP/1.1 responses that accepts what RFC 9112 says a server may
// send, and nothing else: no bare LF, no folding, no space around a field
// name, no chunk extension, no byte too many.

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FIELD_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
const STATUS_LINE = /^HTTP\/1\.1 ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)$/
const CHUNK_SIZE = /^(?:0|[1-9a-f][0-9a-f]*)$/

class ParseError extends Error {}

class Reader {
  constructor (bytes) {
    this.bytes = bytes
    this.position = 0
  }

  get atEnd () { return this.position === this.bytes.length }

  fail (reason) {
    const around = this.bytes.subarray(this.position, this.position + 60).toString('latin1')
    throw new ParseError(`${reason} at byte ${this.position}: ${JSON.stringify(around)}`)
  }

  line () {
    const end = this.bytes.indexOf('\r\n', this.position, 'latin1')
    if (end < 0) this.fail('a line without CRLF')
    const line = this.bytes.toString('latin1', this.position, end)
    if (/[\r\n\0]/.test(line)) this.fail('CR, LF or NUL in a line')
    this.position = end + 2
    return line
  }

  take (length) {
    if (this.position + length > this.bytes.length) {
      this.fail(`${length} bytes announced, ${this.bytes.length - this.position} there`)
    }
    const taken = this.bytes.subarray(this.position, this.position + length)
    this.position += length
    return taken
  }

  rest () { return this.take(this.bytes.length - this.position) }
}

function readFields (reader, lenient = false) {
  const fields = []
  for (let line = reader.line(); line !== ''; line = reader.line()) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).replace(/^ /, '')
    if (colon < 1 || !TOKEN.test(name)) reader.fail(`not a field line: ${JSON.stringify(line)}`)
    if (!FIELD_VALUE.test(lenient ? value.trim() : value)) reader.fail(`not a field value: ${JSON.stringify(line)}`)
    fields.push([name, value])
  }
  return fields
}

function values (fields, name) {
  return fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
}

function readChunked (reader) {
  const chunks = []
  for (;;) {
    const line = reader.line()
    if (!CHUNK_SIZE.test(line)) reader.fail(`not a chunk size: ${JSON.stringify(line)}`)
    const size = parseInt(line, 16)
    if (size === 0) return { chunks, trailers: readFields(reader) }
    chunks.push(reader.take(size))
    if (reader.line() !== '') reader.fail('no CRLF after a chunk')
  }
}

function readBody (reader, status, fields, method, lenient) {
  const codings = values(fields, 'transfer-encoding')
  const lengths = values(fields, 'content-length')
  const none = { framing: 'none', chunks: [], trailers: [] }
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return none
  if (codings.length > 0) {
    if (codings.length > 1 || !/(^|, *)chunked$/i.test(codings[0])) reader.fail('an unknown transfer coding')
    if (lengths.length > 0 && !lenient) reader.fail('Content-Length beside Transfer-Encoding')
    return { framing: 'chunked', ...readChunked(reader) }
  }
  if (lengths.length > 0) {
    if (lengths.length > 1 || !/^[0-9]+$/.test(lengths[0])) reader.fail('a wrong Content-Length')
    return { ...none, framing: 'length', chunks: [reader.take(Number(lengths[0]))] }
  }
  return { ...none, framing: 'until-close', chunks: [reader.rest()] }
}

/**
 * @typedef {object} Response
 * @property {number} status
 * @property {string} reason
 * @property {[string, string][]} fields
 * @property {'none' | 'chunked' | 'length' | 'until-close'} framing
 * @property {Buffer[]} chunks
 * @property {Buffer} body
 * @property {[string, string][]} trailers
 */

/**
 * Parses all that one connection carried.
 * @param {Buffer} bytes
 * @param {string[]} methods of the requests, in order; interim (1xx) responses use none up
 * @param {boolean} [lenient] take what programs can make Node send against the rules: fields with
 *   more space around them, a length beside a transfer coding
 * @returns {Response[]}
 * @throws {ParseError}
 */
function parseResponses (bytes, methods, lenient = false) {
  const reader = new Reader(bytes)
  const responses = []
  let answered = 0
  while (!reader.atEnd) {
    const line = reader.line()
    const match = STATUS_LINE.exec(line)
    if (match === null) reader.fail(`not a status line: ${JSON.stringify(line)}`)
    const status = Number(match[1])
    if (answered === methods.length) reader.fail('a response without a request')
    const fields = readFields(reader, lenient)
    const body = readBody(reader, status, fields, methods[answered], lenient)
    if (status >= 200) answered++
    responses.push({ status, reason: match[2], fields, ...body, body: Buffer.concat(body.chunks) })
  }
  return responses
}

/** The only response of a connection. */
function parseResponse (bytes, method = 'GET') {
  const responses = parseResponses(bytes, [method]).filter(({ status }) => status >= 200)
  if (responses.length !== 1) throw new ParseError(`${responses.length} responses`)
  return responses[0]
}

/** First value of a field, or undefined. */
function field (response, name) {
  return values(response.fields, name.toLowerCase())[0]
}

module.exports = { parseResponses, parseResponse, field, ParseError }
