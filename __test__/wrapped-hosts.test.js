'use strict'

// A program, or its tracing agent, wraps methods of Node's own classes: a response of ours, which inherits from
// them, calls the wrappers.

const test = require('ava')
const http = require('node:http')
const sluice = require('../index.js')
const { startServer } = require('./support/servers')
const { RawClient } = require('./support/raw-client')
const { request } = require('./support/requests')
const { parseResponses } = require('./support/response-parser')
const { turn } = require('./support/event-loop')

const METHODS = ['write', 'end', 'writeHead']
for (const [name, { prototype }] of Object.entries({ OutgoingMessage: http.OutgoingMessage, ServerResponse: http.ServerResponse })) {
  for (const method of METHODS.filter((one) => one in prototype)) {
    test.serial(`${method} of ${name}`, async (t) => {
      const called = []
      const before = Object.getOwnPropertyDescriptor(prototype, method)
      const hosts = prototype[method]
      t.teardown(() => {
        delete prototype[method]
        if (before !== undefined) Object.defineProperty(prototype, method, before)
      })
      const { address, close } = await startServer(sluice, {
        listener: async (req, res) => {
          res.writeHead(200, { 'X-Own': '1' })
          res.write('one ')
          await turn()
          if (req.url === '/0') {
            prototype[method] = function (...values) {
              called.push(values.length)
              return hosts.apply(this, values)
            }
          }
          res.write('two ')
          res.write(Buffer.from('three '))
          await turn()
          res.end('four')
        }
      })
      const client = await RawClient.connect(address)
      client.send(request('GET', '/0', { close: false }))
      await client.until(({ text }) => text.endsWith('\r\n0\r\n\r\n'))
      client.send(request('GET', '/1'))
      await client.closed
      t.deepEqual(parseResponses(client.bytes, ['GET', 'GET']).map(({ body }) => body.toString()), Array(2).fill('one two three four'))
      t.deepEqual(called, { write: [1, 1, 1, 1, 1], end: [1, 1], writeHead: [2] }[method])
      await close()
    })
  }
}
