'use strict'

// Random programs of a client: what it may do to its requests, as plain values.

const fc = require('fast-check')
const host = require('../support/host')
const { step, weighted, chunk, lengthOf, withoutVagueCorks } = require('./programs')

const small = chunk.filter((chunk) => lengthOf(chunk) <= 20_000)
const fieldName = fc.constantFrom('X-A', 'x-a', 'X-Bee', 'Content-Type', 'Cookie')
const fieldValue = fc.oneof(fc.constantFrom('1', 'two words', ''), fc.array(fc.constantFrom('a=1', 'b'), { maxLength: 3 }))

const STEPS = [
  weighted(10, step('write', { chunk: small, callback: fc.boolean() })),
  weighted(2, step('setHeader', { name: fieldName, value: fieldValue })),
  weighted(1, step('removeHeader', { name: fieldName })),
  weighted(2, step('flushHeaders')),
  weighted(1, step('addTrailers', { fields: fc.constantFrom({ 'X-T': '1' }, { 'X-T': 'caf\u00e9', 'X-U': '2' }) })),
  weighted(1, step('end', { chunk: fc.option(small), callback: fc.boolean() })),
  weighted(4, step('wait', { kind: fc.constantFrom('microtask', 'tick', 'settled', 'settled') })),
  weighted(1, step('interim', { status: fc.constantFrom(100, 102, 103) })),
  weighted(1, step('answer')),
  weighted(1, step('destroy', { error: fc.boolean() }))
]

// Hosts that join corked chunks, or whose cork is broken: see programs.js.
if (!host.joinsCorkedChunks) STEPS.push(weighted(2, step('cork')), weighted(2, step('uncork')))

/** A Content-Length that the body doesn't have can't be told apart from its successor. */
const framings = ['none', 'none', 'length', 'length', 'chunked', ...(host.joinsCorkedChunks ? [] : ['wrong length'])]

const request = fc.record({
  method: fc.constantFrom('POST', 'POST', 'PUT', 'GET', 'HEAD', 'DELETE', 'OPTIONS'),
  framing: fc.constantFrom(...framings),
  // A head beyond ASCII is encoded with the chunk that it leaves with.
  name: fc.constantFrom(null, null, 'caf\u00e9'),
  expect: fc.constantFrom(false, false, false, true),
  connection: fc.constantFrom(null, null, null, 'close', 'keep-alive'),
  // When the answer is no interim one: does it end the connection?
  closes: fc.constantFrom(false, false, false, true),
  steps: fc.array(fc.oneof(...STEPS), { maxLength: 8 }).map(withoutVagueCorks),
  last: fc.record({ chunk: fc.option(small), callback: fc.boolean() })
}).map(({ framing, ...rest }) => ({
  ...rest,
  // Node frames no body of GET and the like by itself: where only the meaning of the bytes is
  // compared, such a body is taken for the beginning of the next request.
  framing: host.joinsCorkedChunks && framing === 'none' && !['POST', 'PUT'].includes(rest.method) ? 'length' : framing
}))

const clientProgram = fc.record({
  requests: fc.array(request, { minLength: 1, maxLength: 3 }),
  agent: fc.constantFrom('keep-alive', 'keep-alive', 'none'),
  backpressure: fc.constantFrom('kernel', 'high-water-mark'),
  transport: fc.constantFrom('tcp', 'tcp', 'tcp', 'tcp', 'tls')
}).map(({ requests, ...how }) => ({
  ...how,
  // Node 26 holds the head back for the tick, and encodes it with whatever it leaves with.
  requests: host.joinsTick && how.backpressure === 'kernel'
    ? requests.map((request) => ({ ...request, name: request.name && 'cafe' }))
    : requests
}))

module.exports = { clientProgram }
