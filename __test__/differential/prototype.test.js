'use strict'

// Express gives a response the prototype of its app, made from Node's own
// `http.ServerResponse.prototype`: such a response is Node's from then on, whatever ours had begun.

const http = require('node:http')
const test = require('ava')
const { differentialFor } = require('../support/differential')
const { request } = require('../support/requests')

const differential = differentialFor(test)

const BEFORE = {
  nothing () {},
  'a head': ({ m }) => { m.writeHead(200, { 'X-A': '1' }) },
  'a small write': ({ m, cb }) => { m.write('small', cb('small')) },
  'small Buffers': ({ m }) => { for (let n = 0; n < 5; n++) m.write(Buffer.from(`${n}`)) },
  'a large write': ({ m, cb }) => { m.write(Buffer.alloc(3 << 20, 'x'), cb('large')) },
  'a write of an earlier turn': async ({ m, turns }) => { m.write('early'); await turns(2) }
}
const AFTER = {
  end: ({ m, cb }) => m.end(cb('end')),
  'end with a chunk': ({ m, cb }) => m.end('tail', cb('end')),
  'write and end': ({ m, cb }) => { m.write('more', cb('more')); m.write(Buffer.from('and more')); m.end('tail', cb('end')) }
}

for (const [before, begin] of Object.entries(BEFORE)) {
  for (const [after, finish] of Object.entries(AFTER)) {
    differential(`the prototype is Node's after ${before}, then ${after}`, {
      request: request('GET', '/', { close: false }) + request('GET', '/second'),
      wire: 'meaning',
      async script (exchange) {
        await begin(exchange)
        Object.setPrototypeOf(exchange.res, Object.create(http.ServerResponse.prototype))
        finish(exchange)
      }
    })
  }
}
