'use strict'

// What a stream's getters say of a response at each step of its life.

const test = require('ava')
const stream = require('node:stream')
const host = require('../support/host')
const { differentialFor, VARIANTS } = require('../support/differential')
const { request, pipeline } = require('../support/requests')
const { until } = require('../support/event-loop')

const differential = differentialFor(test)

const STATE = ['writable', 'writableEnded', 'writableFinished', 'writableHighWaterMark', 'writableObjectMode', 'writableLength',
  'writableCorked', 'writableNeedDrain', 'writableAborted', 'errored', 'closed', 'destroyed', 'finished', 'headersSent']
/** Where bytes wait is the transport's to choose, and in `kernel` mode `write` tells. */
const OF_TRANSPORT = ['writableLength', 'writableCorked', 'writableNeedDrain']
const PREDICATES = ['isWritable', 'isErrored', 'isDisturbed', 'isReadable', 'isDestroyed'].filter((name) => name in stream)

/** `look(label)` notes everything that can be asked. */
function looker ({ res, call }, { all }) {
  const names = STATE.filter((name) => all || !OF_TRANSPORT.includes(name))
  return (label) => call(`look ${label}`, () => JSON.stringify([
    ...names.map((name) => `${name}: ${res[name] instanceof Error ? res[name].message : res[name]}`),
    ...PREDICATES.map((name) => `${name}: ${stream[name](res)}`)
  ]))
}

const BIG = Buffer.alloc(300_000, 'b')

/** @type {Record<string, (exchange: object, look: (label: string) => void) => unknown>} */
const LIVES = {
  async 'small writes' ({ m, turn, cb }, look) {
    m.write('one', cb('one'))
    look('one')
    m.write(Buffer.from('two'))
    look('two')
    await turn()
    look('turned')
    m.write('three')
    m.end('four', cb('end'))
    look('ended')
  },
  async 'a write beyond the mark, and its drain' ({ m, res, until }, look, all) {
    m.write(BIG)
    look('big')
    if (all) res.on('drain', () => look('drain'))
    m.write('x')
    look('more')
    await until(() => res.writableLength === 0)
    look('empty')
    m.write('y'.repeat(100_000))
    m.end(BIG)
    look('ended')
  },
  async 'a declared length' ({ m, turn }, look) {
    m.setHeader('Content-Length', 8)
    m.writeHead(200)
    look('head')
    m.flushHeaders()
    look('flushed')
    await turn()
    m.write('four')
    look('written')
    await turn()
    look('turned')
    m.end('more')
    look('ended')
  },
  async corked ({ m, turn }, look) {
    m.cork()
    look('corked')
    m.cork()
    m.write('one')
    look('written')
    m.uncork()
    look('uncorked once')
    m.write('two')
    await turn()
    look('turned')
    m.uncork()
    look('uncorked')
    m.uncork()
    look('uncorked too often')
    await turn()
    m.end()
    look('ended')
  },
  async 'corked beyond the mark, and ended' ({ m, turn }, look) {
    m.write('first')
    await turn()
    m.cork()
    m.write(BIG)
    look('big')
    m.end('x')
    look('ended')
  },
  async 'one end' ({ m }, look) {
    m.end('x')
    look('ended')
  },
  async 'one end of much' ({ m, cb }, look) {
    m.end(BIG, cb('end'))
    look('ended')
  },
  async 'interim, then the head' ({ m, turn }, look) {
    m.writeProcessing()
    look('processing')
    await turn()
    look('turned')
    m.flushHeaders()
    look('flushed')
    m.end()
    look('ended')
  },
  async 'destroyed before the head' ({ m, turn }, look) {
    m.destroy()
    look('destroyed')
    await turn()
    m.write('late', () => {})
    look('written')
    m.end()
    look('ended')
  },
  async 'destroyed with an error, written' ({ m, res, turn, cb }, look) {
    res.on('error', () => look('error'))
    m.write('x')
    await turn()
    m.destroy(new Error('own'))
    look('destroyed')
    await turn()
    look('turned')
    m.destroy(new Error('second'))
    m.write('late', cb('late'))
    m.end(cb('end'))
    look('ended')
  },
  async 'destroyed by the callback of a write, with another on its way' ({ m, res, turns, cb }, look) {
    m.write('a', () => {
      m.write('b')
      m.destroy()
      look('destroyed')
    })
    await turns(3)
    look('turns later')
    res.end(cb('end'))
    await turns(3)
    look('ended')
  },
  async 'destroyed after the end' ({ m, turn }, look) {
    m.end('x')
    m.destroy()
    look('destroyed')
    await turn()
    look('turned')
  },
  async 'the socket is destroyed' ({ m, socket, turn }, look) {
    m.write('x')
    await turn()
    socket.destroy(new Error('of the socket'))
    look('destroyed')
    await turn()
    look('turned')
    m.write('late')
    look('written')
    m.end()
    look('ended')
  },
  async 'a socket that fails under queued bytes' ({ m, socket, turns }, look) {
    m.write(BIG)
    m.write(BIG)
    socket.destroy(new Error('of the socket'))
    look('destroyed')
    await turns(2)
    look('turned')
  },
  async 'socket.end before the end' ({ m, socket, turn }, look) {
    m.write('x')
    await turn()
    socket.end()
    look('socket ended')
    m.write('y')
    look('written')
    await turn()
    m.end()
    look('ended')
  },
  async 'detached and ended' ({ m, res, socket, call, turn }, look) {
    call('detach', () => res.detachSocket(socket))
    look('detached')
    m.write('kept')
    look('written')
    call('assign', () => res.assignSocket(socket))
    look('assigned')
    await turn()
    look('turned')
    m.end('x')
    look('ended')
  }
}

const ALL = VARIANTS.filter(({ backpressure }) => backpressure === 'high-water-mark')
const SOME = VARIANTS.filter(({ backpressure }) => backpressure === 'kernel')

for (const [title, live] of Object.entries(LIVES)) {
  const torn = /destroy|fail|socket/.test(title)
  for (const method of ['GET', 'HEAD']) {
    for (const all of [true, false]) {
      differential(`${method}: ${title}; ${all ? 'all in the mode of the host' : 'what is not of the transport'}`, {
        request: request(method, '/', { close: !torn }),
        variants: all ? ALL : SOME,
        wire: torn ? 'any' : 'exact',
        unless: host.corkIsBroken && /corked/.test(title),
        async client (client, { request, turns }) {
          client.send(request)
          if (torn) await Promise.race([client.closed, turns(50)])
          if (torn) client.halfClose()
          await client.closed
        },
        async script (exchange) {
          const look = looker(exchange, { all })
          for (const event of ['prefinish', 'finish', 'close']) exchange.res.on(event, () => look(event))
          look('made')
          await live(exchange, look, all)
        }
      })
    }
  }
}

for (const all of [true, false]) {
  differential(`pipelined responses that wait, and are ended; ${all ? 'all' : 'what is not of the transport'}`, {
    request: pipeline(3),
    variants: all ? ALL : SOME,
    async script (exchange) {
      const { m, index, res, exchanges, until, cb } = exchange
      const look = looker(exchange, { all })
      for (const event of ['prefinish', 'finish', 'close']) res.on(event, () => look(event))
      look('made')
      m.write('one', cb('one'))
      look('written')
      if (index === 1) m.write(BIG, cb('big'))
      look('big')
      if (index !== 2) await until(() => exchanges.length === 3 && exchanges[2].res.finished)
      m.end('two', cb('end'))
      look('ended')
    }
  })
}

for (const [what, write] of Object.entries({
  'a write': (res) => { res.write('one', () => {}); res.end('two') },
  'an end': (res) => { res.end('two', () => {}) }
})) {
  // What the callbacks get is not Node's (docs/compatibility.md).
  differential(`a pipelined response that is destroyed before its turn, with a callback of ${what}: the next one follows`, {
    request: pipeline(3),
    wire: 'any',
    async script ({ m, res, index, exchanges }) {
      if (index === 0) await until(() => exchanges[2]?.res.finished)
      if (index !== 1) return m.end('other')
      write(res)
      m.destroy()
    }
  })
}

/** By how Node sends them with a head: joined to it, or behind it. */
const LAST = { text: ['chunk'], bytes: [Buffer.from('chunk')], hex: ['6368', 'hex'] }

for (const [title, error] of [['', undefined], [' with an error', new Error('no more')]]) {
  for (const place of ['the first', 'behind another', 'that waits']) {
    for (const [kind, last] of Object.entries(LAST)) {
      for (const length of [false, true]) {
        differential(`a writeHead that destroys the message${title}, in an end with ${kind}, ${length ? 'under a length' : 'chunked'}, ${place}`, {
          request: pipeline(place === 'the first' ? 1 : 2),
          wire: 'any',
          async script (exchange) {
            const { m, res, cb, socket, index, exchanges } = exchange
            if (place !== 'the first' && index === 0) {
              if (place === 'that waits') await until(() => exchanges[1]?.res.finished)
              return m.end('first')
            }
            if (place !== 'that waits') await until(() => res.socket !== null)
            socket.on('error', () => {})
            const { writeHead } = res
            res.writeHead = function (...values) {
              res.destroy(error)
              return writeHead.apply(this, values)
            }
            if (!length) m.removeHeader('content-length')
            // Of one that waits Node 24 and later tell of success, though the chunk is lost.
            m.end(...last, ...(length || place !== 'that waits' ? [cb('end')] : []))
            looker(exchange, { all: false })('ended')
          }
        })
      }
    }
  }
}
