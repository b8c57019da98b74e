'use strict'

// Every public method in every state, with sensible and with wrong arguments: Node's answer, and
// the process and its connections survive.

const test = require('ava')
const { Writable } = require('node:stream')
const host = require('./support/host')
const { differentialFor } = require('./support/differential')

const differential = differentialFor(test)

/** Brings a message into a state; `socket gone` and `no socket` are states of the connection. */
const STATES = {
  fresh () {},
  'head stored' ({ m }) { m.writeHead(200, { 'X-A': '1' }) },
  streaming: async ({ m, turns }) => { m.write('begun'); await turns(2) },
  corked ({ m }) { m.cork(); m.write('corked') },
  ended ({ m }) { m.end('ended') },
  finished: async ({ m, res, until }) => { m.end('finished'); await until(() => res.writableFinished) },
  destroyed ({ m }) { m.destroy() },
  'no socket' ({ m, socket }) { m.detachSocket(socket) },
  'socket gone': async ({ socket, turns }) => { socket.destroy(); await turns(3) }
}

const nothing = () => []
const METHODS = {
  write: [(cb) => ['a', cb('write')], () => [Buffer.from('b'), 'latin1'], () => [], () => [null], () => [1], () => ['', 'hex', 1]],
  end: [nothing, (cb) => ['a', cb('end')], (cb) => [cb('end')], () => [1]],
  writeHead: [() => [201, 'Fine', { 'X-B': '2' }], () => [200, ['X-B', '2']], () => [99], () => ['x'], () => [200, { 'bad name': '1' }], () => [200, 'a\nb']],
  setHeader: [() => ['X-C', '3'], () => ['X-C', ['3', '4']], () => ['bad name', '1'], () => ['X-C', 'a\r\nb'], () => ['X-C']],
  appendHeader: [() => ['X-C', '3'], () => ['bad name', '1'], () => ['X-C']],
  setHeaders: [() => [new Map([['x-d', '4']])], () => [{}], nothing],
  getHeader: [() => ['X-A'], () => [1]],
  getHeaders: [nothing],
  getHeaderNames: [nothing],
  getRawHeaderNames: [nothing],
  hasHeader: [() => ['X-A'], nothing],
  removeHeader: [() => ['X-A'], nothing],
  flushHeaders: [nothing],
  addTrailers: [() => [{ 'X-T': '1' }], () => [{ 'bad name': '1' }], () => [{ 'X-T': 'a\nb' }], () => [[['X-T', '1']]]],
  cork: [nothing],
  uncork: [nothing],
  writeContinue: [nothing],
  writeProcessing: [nothing],
  writeEarlyHints: [() => [{ link: '</a>; rel=preload' }], () => [{}], () => [1]],
  setTimeout: [() => [60_000]],
  destroy: [nothing, () => [new Error('by the program')]],
  pipe: [() => [new Writable()]],
  _implicitHeader: [nothing],
  _flush: [nothing],
  _send: [() => ['raw'], () => ['raw', 'latin1']],
  _writeRaw: [() => ['raw']]
}

/** Where the host loses bytes or callbacks, it is no oracle; see docs/compatibility.md. */
function isExcepted (state, method) {
  if (host.corkIsBroken && (state === 'corked' || method === 'cork')) return true
  // A corked message holds its bytes; the order of what goes around it differs with the chunks.
  if (host.joinsTick && (state === 'corked' || /^(_send|_writeRaw|cork)$/.test(method))) return true
  // Node 18 takes a second head.
  if (host.stalls && method === 'writeHead') return true
  return state === 'no socket' && host.joinsTick
}

for (const [state, reach] of Object.entries(STATES)) {
  for (const [method, calls] of Object.entries(METHODS)) {
    for (const [n, make] of calls.entries()) {
      differential(`${method} #${n} when ${state}`, {
        unless: isExcepted(state, method),
        // What a torn connection still delivered is up to the kernel.
        wire: /destroyed|socket/.test(state) || /destroy|_send|_writeRaw/.test(method) ? 'any' : 'exact',
        variants: [{ transport: 'tcp', backpressure: 'kernel' }, { transport: 'tcp', backpressure: 'high-water-mark' }],
        async script (exchange) {
          const { res, m, cb, snapshot, turns, socket, note } = exchange
          res.on('error', () => {})
          socket.on('error', (error) => note('socket error', [error]))
          await reach(exchange)
          if (typeof res[method] === 'function') m[method](...make(cb))
          snapshot('called')
          await turns(2)
          m.end()
          await turns(2)
          snapshot('later')
          socket.destroy()
        }
      })
    }
  }
}

test('flushWrites answers in every state', async (t) => {
  const { observe } = require('./support/observe')
  const sluice = require('..')
  for (const reach of Object.values(STATES)) {
    await observe(sluice, {
      async script (exchange) {
        exchange.res.on('error', () => {})
        await reach(exchange)
        t.is(typeof exchange.res.flushWrites(), 'boolean')
        exchange.socket.destroy()
      }
    })
  }
})
