'use strict'

// Every public member of a message, in every state that a message can be in.

const test = require('ava')
const { differentialFor } = require('../support/differential')
const { request } = require('../support/requests')

const differential = differentialFor(test)

/** How a message gets into each state. */
const STATES = {
  fresh () {},
  'with its head written' ({ res }) { res.writeHead(200, { 'X-One': '1' }) },
  'with its head flushed' ({ res }) { res.flushHeaders() },
  'with a chunk written' ({ res }) { res.write('chunk') },
  'without a body' ({ res }) { res.writeHead(204) },
  ended ({ res }) { res.end('whole') },
  destroyed ({ res }) { res.destroy() }
}

/** Calls that must answer, throw and leave behind what Node's do. */
const CALLS = {
  setHeader: [
    ['X-Two', '2'], ['X-Two', 2], ['X-Two', ['a', 'b']], ['X-Two', []], ['X-Two'], ['X-Two', null], ['X Two', '2'],
    ['', '2'], [undefined, '2'], [5, '2'], ['X-Two', 'a\r\nb'], ['X-Two', '漢'], ['Content-Length', 'x']
  ],
  setHeaders: [
    [new Map([['x-two', '2']])], [new Headers([['x-two', '2'], ['x-two', '3']])], [{ 'x-two': '2' }], [null], [[]], []
  ],
  appendHeader: [['X-Two', '2'], ['X-Two', ['2', '3']], ['X-Two'], ['X Two', '2']],
  getHeader: [['x-one'], ['X-ONE'], ['none'], [undefined], [5]],
  hasHeader: [['x-one'], ['X-ONE'], ['none'], [undefined], [5]],
  removeHeader: [['x-one'], ['none'], ['Date'], ['Connection'], [undefined], [5]],
  addTrailers: [[{ 'X-Last': '1' }], [[['X-Last', '1']]], [{ 'X Last': '1' }], [{ 'X-Last': 'a\r\nb' }], [{}]],
  writeHead: [[200], [200, 'Own'], [200, { a: 'b' }], [200, ['a', 'b']], [200, [['a', 'b']]], [99], ['x']],
  flushHeaders: [[]],
  cork: [[]],
  uncork: [[]],
  setTimeout: [[0], [100_000], [100_000, () => {}], [-1], ['x']],
  pipe: [[process.stdout], []],
  write: [[], [''], [null], [undefined], [5], [{}], [[]], [new Uint8Array(0)], [new Uint16Array(2)], [new ArrayBuffer(2)]],
  end: [[], [''], [null], [undefined], [5], [{}], [null, null, null], [new Uint8Array(0)]],
  destroy: [[], [undefined], [null]],
  writeContinue: [[]],
  writeProcessing: [[]],
  writeEarlyHints: [
    [{ link: '</a>; rel=preload' }], [{ link: [] }], [{ link: ['</a>; rel=preload', '</b>; rel=preload'], 'x-one': '1' }],
    [{}], [{ link: 'nonsense' }], [null], [5]
  ],
  writeInformation: [[103], [103, { a: 'b' }], [101], [200], ['x'], [102, null]]
}

/** What remains to be read afterwards. */
function look ({ res, note }) {
  note('members', [JSON.stringify({
    names: res.getHeaderNames(),
    raw: res.getRawHeaderNames?.(),
    headers: res.getHeaders(),
    headersSent: res.headersSent,
    statusCode: res.statusCode,
    statusMessage: res.statusMessage,
    ended: res.writableEnded,
    highWaterMark: res.writableHighWaterMark,
    objectMode: res.writableObjectMode,
    destroyed: res.destroyed,
    closed: res.closed,
    errored: res.errored,
    writable: res.writable,
    chunked: res.chunkedEncoding
  })])
}

for (const [name, lists] of Object.entries(CALLS)) {
  for (const [state, reach] of Object.entries(STATES)) {
    differential(`${name} on a message ${state}`, {
      request: lists.map((_, n) => request('GET', `/${n}`, { close: n === lists.length - 1 })).join(''),
      // A connection that a call has torn answers no later request: one request each.
      ...eachAlone(name, state, lists, reach)
    })
  }
}

/** All argument lists of one method, each on a connection of its own. */
function eachAlone (name, state, lists, reach) {
  return {
    request: undefined,
    lists,
    async client (client, run) {
      const { RawClient } = require('../support/raw-client')
      const pieces = []
      for (let n = 0; n < lists.length; n++) {
        const one = n === 0 ? client : await RawClient.connect(run.address)
        one.send(request('GET', `/${n}`))
        await one.closed
        pieces.push(one.text.replace(/Date: [^\r]*/g, 'Date: <date>'))
      }
      run.serverEvents.push(...(state === 'destroyed' || name === 'destroy' ? [] : pieces))
    },
    wire: 'any',
    async script (exchange) {
      const { res, m, index, note, turns } = exchange
      res.on('error', () => {})
      reach(exchange)
      const args = lists[index]
      if (typeof res[name] === 'function') m[name](...args)
      else note(`no ${name}`)
      look(exchange)
      await turns(2)
      if (!res.finished && !res.destroyed) res.end()
      look(exchange)
      // A message that could not be ended leaves its client waiting.
      await turns(3)
      if (!res.socket?.destroyed && res.socket && !res.finished) res.socket.destroy()
    }
  }
}
