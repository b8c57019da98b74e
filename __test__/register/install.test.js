'use strict'

const http = require('node:http')
const test = require('ava')
const sluice = require('../..')
const { startServer } = require('../support/servers')
const { RawClient } = require('../support/raw-client')
const { request } = require('../support/requests')
const { parseResponse } = require('../support/response-parser')

const { OutgoingMessage, ServerResponse, ClientRequest } = http
const prototypes = [OutgoingMessage.prototype, ServerResponse.prototype, ClientRequest.prototype]

/** Every own property, in order, with its descriptor. */
const shape = () => prototypes.map((prototype) => Reflect.ownKeys(prototype)
  .map((key) => [key, Object.getOwnPropertyDescriptor(prototype, key)]))

test.afterEach(() => sluice.uninstall())

test.serial('uninstall gives back every property as it was, in its place', (t) => {
  const before = shape()
  t.true(sluice.install())
  t.notDeepEqual(shape(), before)
  sluice.uninstall()
  t.deepEqual(shape(), before)
  sluice.uninstall()
  t.deepEqual(shape(), before)
})

test.serial('install keeps names, order and enumerability', (t) => {
  const visible = () => prototypes.map((prototype) => Object.keys(prototype))
  const inherited = () => { const names = []; for (const name in Object.create(ServerResponse.prototype)) names.push(name); return names }
  const before = [visible(), inherited()]
  const { write, end, addTrailers, _storeHeader } = OutgoingMessage.prototype
  const describe = (methods) => methods.map(({ name, length }) => [name, length])
  sluice.install()
  t.deepEqual([visible(), inherited()], before)
  const ours = OutgoingMessage.prototype
  t.deepEqual(describe([ours.write, ours.end, ours.addTrailers, ours._storeHeader]),
    describe([write, end, addTrailers, _storeHeader]))
  t.not(ours.write, write)
})

test.serial('install twice is install once', (t) => {
  const before = shape()
  sluice.install()
  const installed = shape()
  sluice.install()
  t.deepEqual(shape(), installed)
  sluice.uninstall()
  t.deepEqual(shape(), before)
})

test.serial('a wrapper around ours stays after uninstall', (t) => {
  const host = OutgoingMessage.prototype.write
  sluice.install()
  const ours = OutgoingMessage.prototype.write
  const wrapper = function (...values) { return ours.apply(this, values) }
  OutgoingMessage.prototype.write = wrapper
  sluice.uninstall()
  t.is(OutgoingMessage.prototype.write, wrapper)
  sluice.install()
  t.is(OutgoingMessage.prototype.write, wrapper)
  OutgoingMessage.prototype.write = host
  sluice.uninstall()
  t.is(OutgoingMessage.prototype.write, host)
})

for (const transport of ['tcp', 'tls']) {
  for (const Class of [OutgoingMessage, ServerResponse]) {
    test.serial(`a wrapper around ours hears of each write of a response of sluice.ServerResponse (${Class.name}, ${transport})`, async (t) => {
      const { prototype } = Class
      const heard = []
      sluice.install()
      const before = Object.getOwnPropertyDescriptor(prototype, 'write')
      const { write } = prototype
      t.teardown(() => {
        delete prototype.write
        if (before !== undefined) Object.defineProperty(prototype, 'write', before)
        sluice.uninstall()
      })
      prototype.write = function (...values) {
        heard.push(String(values[0]))
        return write.apply(this, values)
      }
      const chunks = ['one', Buffer.from('two'), Buffer.from('three'), 'four']
      const { address, close } = await startServer(sluice, {
        transport,
        listener: (req, res) => {
          for (const chunk of chunks) res.write(chunk)
          res.end()
        }
      })
      const client = await RawClient.connect(address)
      client.send(request())
      await client.closed
      t.deepEqual(heard, chunks.map(String))
      t.is(parseResponse(client.bytes, 'GET').body.toString(), 'onetwothreefour')
      await close()
    })
  }
}

/** Methods that sluice replaces, and a call that comes to each. */
const CALLS = {
  writeEarlyHints: [ServerResponse.prototype, () => new ServerResponse({ method: 'GET' }).writeEarlyHints({ link: '</a>; rel=preload' })],
  closeIdleConnections: [http.Server.prototype, () => http.createServer().closeIdleConnections()]
}

for (const [name, [prototype, call]] of Object.entries(CALLS)) {
  test.serial(`a ${name} that is wrapped after sluice is loaded and before install stays`, (t) => {
    const before = Object.getOwnPropertyDescriptor(prototype, name)
    t.teardown(() => Object.defineProperty(prototype, name, before))
    let calls = 0
    prototype[name] = function (...values) {
      calls++
      return before.value.apply(this, values)
    }
    t.true(sluice.install())
    call()
    t.is(calls, 1)
  })
}

test.serial('install refuses what createServer refuses, and changes nothing', (t) => {
  const before = shape()
  t.throws(() => sluice.install({ backpressure: 'none' }), { code: 'ERR_INVALID_ARG_VALUE', instanceOf: TypeError })
  t.throws(() => sluice.install({ coalesce: 1 }), { code: 'ERR_INVALID_ARG_VALUE', instanceOf: TypeError })
  t.deepEqual(shape(), before)
})

/** What the first write on a server of `create` answers with more than Node's mark in one chunk. */
async function answerOf (create) {
  const server = create((req, res) => {
    server.answer = res.write(Buffer.alloc(100_000))
    res.end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  await new Promise((resolve) => {
    http.get({ port: server.address().port, agent: false }, (res) => res.resume().on('close', resolve))
  })
  server.close()
  await new Promise((resolve) => server.once('close', resolve))
  return server.answer
}

test.serial('options of install hold for every server, and a server\'s own win', async (t) => {
  const plain = (listener) => http.createServer(listener)
  t.false(await answerOf(plain), 'the host')
  sluice.install()
  t.true(await answerOf(plain), 'kernel')
  sluice.install({ backpressure: 'high-water-mark' })
  t.false(await answerOf(plain), 'high-water-mark')
  t.false(await answerOf((listener) => sluice.createServer(listener)), 'the default of sluice.createServer')
  t.true(await answerOf((listener) => sluice.createServer({ backpressure: 'kernel' }, listener)), 'of its own')
  sluice.uninstall()
  t.false(await answerOf(plain), 'uninstalled')
  t.true(await answerOf((listener) => sluice.createServer(listener)), 'sluice.createServer, uninstalled')
})
