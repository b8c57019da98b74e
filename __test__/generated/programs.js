'use strict'

// Random programs: what a handler may do to a message, as plain values that
// fast-check can shrink and print.

const fc = require('fast-check')
const host = require('../support/host')

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('a', 'é', '漢', '😀'), fc.integer({ min: 1, max: 9000 })).map(([c, n]) => c.repeat(n)) }
)

// Only well-formed text has an oracle: Node estimates the length of other
// base64, and aborts on hex of an odd length. Those are in contract.test.js.
const encodedBytes = fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.constantFrom('hex', 'HEX', 'base64', 'BASE64', 'base64url'))
  .map(([bytes, encoding]) => ({ text: Buffer.from(bytes).toString(encoding), encoding }))

const stringChunk = fc.oneof(
  { weight: 3, arbitrary: fc.record({ text }) },
  {
    weight: 5,
    arbitrary: fc.record({
      text,
      encoding: fc.constantFrom('utf8', 'utf-8', 'UTF8', 'latin1', 'binary', 'ascii', 'ucs2', 'utf16le')
    })
  },
  { weight: 2, arbitrary: encodedBytes }
)

const bytesChunk = fc.record({
  size: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 204_800 }) },
    { weight: 1, arbitrary: fc.constantFrom(16_383, 16_384, 16_385, 65_535, 65_536, 65_537) }
  ),
  type: fc.constantFrom('Buffer', 'Uint8Array')
})

const chunk = fc.oneof({ weight: 3, arbitrary: stringChunk }, { weight: 2, arbitrary: bytesChunk })

const fieldName = fc.constantFrom('X-A', 'x-a', 'X-Bee', 'content-type', 'Set-Cookie', 'Content-Disposition', 'Vary')
// Node 26 holds the head back for the tick, and encodes it with whatever it leaves with.
const CAFE = host.joinsTick ? 'cafe' : 'caf\u00e9'
const fieldValue = fc.oneof(
  fc.constantFrom('1', 'two words', CAFE, '', ' padded'),
  fc.array(fc.constantFrom('a=1', 'b', 'c; d'), { maxLength: 3 }),
  fc.integer({ min: 0, max: 9 })
)
const fields = fc.dictionary(fieldName, fieldValue, { maxKeys: 3, noNullPrototype: true })
  // Of this one with a Content-Length Node makes a Buffer, which throws for a
  // number and writes into the caller's own array.
  .filter(({ 'Content-Disposition': value = '' }) => typeof value === 'string')
const status = fc.constantFrom(200, 200, 200, 201, 204, 304, 404, 500)

const step = (name, more = {}) => fc.record({ op: fc.constant(name), ...more })
const weighted = (weight, arbitrary) => ({ weight, arbitrary })

const STEPS = [
  weighted(10, step('write', { chunk, callback: fc.boolean() })),
  weighted(3, step('setHeader', { name: fieldName, value: fieldValue })
    .filter(({ name, value }) => name !== 'Content-Disposition' || typeof value === 'string')),
  weighted(1, step('setHeader', { name: fc.constant('Connection'), value: fc.constantFrom('close', 'keep-alive') })),
  weighted(1, step('setHeader', { name: fc.constant('Trailer'), value: fc.constant('X-T') })),
  weighted(2, step('length', { exact: fc.constant(true) })),
  weighted(2, step('removeHeader', { name: fc.oneof(fieldName, fc.constantFrom('date', 'connection', 'content-length', 'transfer-encoding')) })),
  weighted(2, step('writeHead', { status, fields: fc.option(fields), reason: fc.option(fc.constantFrom('Fine', CAFE)) })),
  weighted(1, step('statusCode', { status })),
  weighted(1, step('flushHeaders')),
  weighted(1, step('addTrailers', { fields: fc.constantFrom({ 'X-T': '1' }, { 'X-T': 'caf\u00e9', 'X-U': '2' }) })),
  weighted(1, step('end', { chunk: fc.option(chunk), callback: fc.boolean() })),
  weighted(4, step('wait', { kind: fc.constantFrom('microtask', 'tick', 'turn') }))
]

// Hosts that join corked chunks put the boundaries elsewhere, so that only what
// the bytes mean can be compared: nothing may go into a program that makes them
// unparsable. Hosts whose cork is broken get none at all.
if (!host.joinsCorkedChunks) {
  STEPS.push(
    weighted(2, step('socketWrite', { text: fc.constantFrom('RAW', 'r'.repeat(3000)), callback: fc.boolean() })),
    weighted(1, step('setHeader', { name: fc.constant('Transfer-Encoding'), value: fc.constant('chunked') })),
    weighted(1, step('length', { exact: fc.constant(false) }))
  )
}
// (Node 26 still sends a corked chunk of a pipelined response behind its last one.)
if (!host.joinsCorkedChunks) {
  STEPS.push(weighted(2, step('cork')), weighted(2, step('uncork')))
}

/** What hands over at once what its tick has written, and what a tick ends with. */
const HANDS_OVER = ['flushHeaders', 'socketWrite']
const isEndOfTick = ({ op, kind }) => op === 'interim' || op === 'answer' || (op === 'wait' && kind !== 'microtask')

/**
 * Without a cork after the end, which stays on the connection so that nothing follows on it, and one behind
 * what its tick has handed over, which it doesn't hold (docs/compatibility.md).
 */
function withoutVagueCorks (steps) {
  let isHandedOver = false
  let isEnded = false
  return steps.filter((step) => {
    if (isEndOfTick(step)) isHandedOver = false
    else if (HANDS_OVER.includes(step.op)) isHandedOver = true
    else if (step.op === 'end') isEnded = true
    return step.op !== 'cork' || !(isHandedOver || isEnded)
  })
}

const program = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS'),
  version: fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
  connection: fc.constantFrom(null, null, null, 'close', 'keep-alive'),
  steps: fc.array(fc.oneof(...STEPS), { maxLength: 12 }).map(withoutVagueCorks),
  last: fc.record({ chunk: fc.option(chunk), callback: fc.boolean() })
})

/** The bytes of a chunk, or the string. */
function realise ({ text, encoding, size, type }) {
  if (text !== undefined) return encoding === undefined ? [text] : [text, encoding]
  const bytes = Buffer.alloc(size, 'sluice!')
  return [type === 'Buffer' ? bytes : new Uint8Array(bytes)]
}

/** The bytes of a chunk. */
function lengthOf (chunk) {
  const [piece, encoding] = realise(chunk)
  return typeof piece === 'string' ? Buffer.from(piece, encoding).length : piece.length
}

/** Bytes that the program writes up to its first end. */
function bodyLength ({ steps, last }) {
  let length = 0
  for (const { op, chunk } of [...steps, { op: 'end', chunk: last.chunk }]) {
    if ((op === 'write' || op === 'end') && chunk) length += lengthOf(chunk)
    if (op === 'end') break
  }
  return length
}

/** An end that throws leaves Node's socket corked, and what follows unsent. */
const withoutTrailer = ({ steps, ...rest }) => ({ ...rest, steps: steps.filter(({ name }) => name !== 'Trailer') })

/** What a pipeline may hold where timing must not decide who gets the socket. */
function withoutClosing ({ steps, ...rest }) {
  return {
    ...rest,
    version: '1.1',
    connection: null,
    steps: steps.filter(({ op, name, value }) =>
      op !== 'socketWrite' && op !== 'removeHeader' && op !== 'length' &&
      name !== 'Connection' && name !== 'Transfer-Encoding')
  }
}

const withoutWaiting = ({ steps, ...rest }) => ({ ...rest, steps: steps.filter(({ op }) => op !== 'wait') })

/** What goes ahead of its turn in a pipeline has no callbacks: here most have none. */
function withFewCallbacks ({ steps, last, ...rest }, n) {
  if (n % 5 === 4) return { ...rest, steps, last }
  return {
    ...rest,
    steps: steps.map((step) => 'callback' in step ? { ...step, callback: false } : step),
    last: { ...last, callback: false }
  }
}

/** A batch of programs and how they reach the server. */
const batch = (size) => fc.record({
  programs: fc.array(program, { minLength: 1, maxLength: size, size: 'max' }),
  arrival: fc.constantFrom('sequential', 'sequential', 'pipelined', 'pipelined at once'),
  backpressure: fc.constantFrom('kernel', 'high-water-mark'),
  transport: fc.constantFrom('tcp', 'tcp', 'tcp', 'tls'),
  isQuiet: fc.boolean()
}).map(({ programs, arrival, isQuiet, ...how }) => {
  const isAhead = isQuiet && arrival !== 'sequential'
  const few = isAhead ? programs.map(withFewCallbacks) : programs
  return {
    arrival,
    isQuiet: isAhead,
    ...how,
    programs: few.map((program) => {
      if (arrival === 'pipelined') return withoutTrailer(withoutClosing(program))
      if (arrival === 'pipelined at once') return withoutTrailer(withoutWaiting(program))
      return program.steps.some(({ op }) => op === 'socketWrite') ? withoutTrailer(program) : program
    })
  }
})

module.exports = { step, weighted, batch, chunk, realise, lengthOf, bodyLength, withoutVagueCorks }
