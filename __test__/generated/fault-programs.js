'use strict'

// Random programs whose connection is broken at a random point, and the bytes that they may send.

const fc = require('fast-check')
const host = require('../support/host')
const { step, weighted } = require('./programs')

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 300_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(65_536, 262_144, 3_000_000) }
)

const STEPS = [
  weighted(10, step('write', { size, kind: fc.constantFrom('Buffer', 'string', 'latin1'), callback: fc.boolean() })),
  weighted(2, step('drain')),
  weighted(3, step('wait', { kind: fc.constantFrom('microtask', 'tick', 'turn') })),
  weighted(1, step('cork')),
  weighted(1, step('uncork'))
]
// Hosts that join corked chunks let `socket.write` overtake them.
if (!host.joinsCorkedChunks) {
  STEPS.push(
    weighted(3, step('socketWrite', { size })),
    weighted(1, step('socketCork')),
    weighted(1, step('socketUncork'))
  )
}

/** Whatever follows them is lost, or may be. */
const BREAKING = [
  'res.destroy', 'req.destroy', 'socket.destroy', 'socket.resetAndDestroy', 'socket.end', 'socket.setTimeout',
  'client reset', 'client destroy',
  // Node ends a connection whose client has ended its side (`httpAllowHalfOpen` is false).
  'client half-close'
]
const HARMLESS = ['none', 'none', 'client pause', 'client resume']

const exchange = fc.record({
  // Without chunks the body is what is on the wire, whoever wrote it there.
  framing: fc.constantFrom('chunked', 'length', 'close'),
  steps: fc.array(fc.oneof(...STEPS), { maxLength: 14 }),
  last: fc.record({ size }),
  fault: fc.oneof(weighted(1, fc.constantFrom(...BREAKING)), weighted(1, fc.constantFrom(...HARMLESS))),
  at: fc.nat(14)
}).map(({ steps, ...rest }) => ({
  ...rest,
  steps: rest.framing === 'close' ? steps : steps.filter(({ op }) => op !== 'socketWrite')
}))

const program = fc.record({
  exchanges: fc.array(exchange, { minLength: 1, maxLength: 4 }),
  reader: fc.constantFrom('fast', 'fast', 'slow', 'paused'),
  backpressure: fc.constantFrom('kernel', 'kernel', 'high-water-mark'),
  transport: fc.constantFrom('tcp', 'tcp', 'tcp', 'tls')
})

/** The program's own, and those of its origin. */
const CLIENT_BREAKING = [
  'req.destroy', 'req.destroy with an error', 'socket.destroy', 'socket.resetAndDestroy', 'socket.end', 'req.setTimeout',
  'origin reset', 'origin destroy', 'origin half-close', 'origin answers and closes'
]
const CLIENT_HARMLESS = ['none', 'none', 'origin pauses', 'origin resumes', 'origin answers early']

const clientExchange = fc.record({
  framing: fc.constantFrom('chunked', 'length'),
  steps: fc.array(fc.oneof(...(host.joinsCorkedChunks ? STEPS.slice(0, 3) : STEPS.slice(0, 5))), { maxLength: 14 }),
  last: fc.record({ size }),
  fault: fc.oneof(weighted(1, fc.constantFrom(...CLIENT_BREAKING)), weighted(1, fc.constantFrom(...CLIENT_HARMLESS))),
  at: fc.nat(14)
})

const clientFaultProgram = fc.record({
  exchanges: fc.array(clientExchange, { minLength: 1, maxLength: 4 }),
  agent: fc.constantFrom('keep-alive', 'keep-alive', 'none'),
  reader: fc.constantFrom('fast', 'fast', 'slow', 'paused'),
  backpressure: fc.constantFrom('kernel', 'kernel', 'high-water-mark'),
  transport: fc.constantFrom('tcp', 'tcp', 'tcp', 'tls')
})

const PERIOD = 95 * 128
/** A byte at any other place is a different one nearly always. */
const patterns = Array.from({ length: 95 }, (_, start) =>
  Buffer.from(Array.from({ length: PERIOD }, (_, n) => 32 + (start + n * 7 + (n >> 7) * 13) % 95)))

/** Bytes of the body of the `nth` response, all ASCII. */
function bytesOf (nth, from, size) {
  const bytes = Buffer.alloc(size)
  const pattern = patterns[(nth * 31) % 95]
  for (let at = 0; at < size;) {
    const start = (from + at) % PERIOD
    at += pattern.copy(bytes, at, start, Math.min(PERIOD, start + size - at))
  }
  return bytes
}

module.exports = { program, bytesOf, BREAKING, clientFaultProgram, CLIENT_BREAKING }
