'use strict'

// install() and uninstall() while messages are under way: what has begun ends whole, and the connection
// serves the next request.

const http = require('node:http')
const test = require('ava')
const sluice = require('../..')
const { stock } = require('../support/subject')
const { startServer, listen, closeServer } = require('../support/servers')
const { RawClient } = require('../support/raw-client')
const { request } = require('../support/requests')
const { parseResponses } = require('../support/response-parser')
const { turn, turns, until } = require('../support/event-loop')

const OPTIONS = [{}, { coalesce: false }, { backpressure: 'high-water-mark' }]
const CHANGES = {
  install: [() => {}, (options) => sluice.install(options)],
  uninstall: [(options) => sluice.install(options), () => sluice.uninstall()],
  'uninstall and install': [(options) => sluice.install(options), (options) => { sluice.uninstall(); sluice.install(options) }],
  'install of other options': [(options) => sluice.install(options), ({ backpressure }) => {
    sluice.install({ backpressure: backpressure === undefined ? 'high-water-mark' : 'kernel' })
  }]
}
const BIG = Buffer.alloc(8 << 20, '0123456789abcdef')

/** What a message tells, and a promise of its `close`. */
function watch (res) {
  const log = []
  for (const event of ['drain', 'finish', 'close']) res.on(event, () => log.push(event))
  const closed = new Promise((resolve) => res.once('close', resolve))
  return { log, closed, cb: (name) => (error) => log.push(error ? `${name} ${error.code}` : name) }
}

/**
 * Each script writes, calls `change`, writes on, and gives the body that the client must have.
 * @type {Record<string, (res: object, tools: object) => Promise<Buffer | string>>}
 */
const SCRIPTS = {
  async 'before the head' (res, { change, cb }) {
    res.setHeader('X-A', '1')
    change()
    res.write('one ', cb('one'))
    res.end('two', cb('end'))
    return 'one two'
  },
  async 'after writeHead' (res, { change, cb }) {
    res.writeHead(200, { 'X-A': '1' })
    change()
    res.write(Buffer.from('one '), cb('one'))
    await turn()
    res.end('two', cb('end'))
    return 'one two'
  },
  async 'in the tick of a write' (res, { change, cb }) {
    res.write(Buffer.from('one '))
    res.write('two ', cb('two'))
    change()
    res.write(Buffer.from('three '), cb('three'))
    res.write('four ')
    await turn()
    res.end('five', cb('end'))
    return 'one two three four five'
  },
  async 'between small Buffers' (res, { change, cb }) {
    res.write('head ')
    await turn()
    for (let n = 0; n < 10; n++) {
      if (n === 5) change()
      res.write(Buffer.from(`${n} `))
    }
    res.end(Buffer.from('end'), cb('end'))
    return 'head 0 1 2 3 4 5 6 7 8 9 end'
  },
  async 'just before the end' (res, { change, cb }) {
    res.write('one ', cb('one'))
    res.write(Buffer.from('two '), cb('two'))
    change()
    res.end(cb('end'))
    return 'one two '
  },
  async 'in a later tick' (res, { change, cb }) {
    res.write('one ', cb('one'))
    await turns(2)
    change()
    res.write('two ', cb('two'))
    await turns(2)
    res.end('three', cb('end'))
    return 'one two three'
  },
  async 'in a cork' (res, { change, cb }) {
    res.write('one ', cb('one'))
    await turn()
    res.cork()
    res.write('two ', cb('two'))
    change()
    res.write('three ', cb('three'))
    res.uncork()
    await turn()
    res.end('four', cb('end'))
    return 'one two three four'
  },
  async 'with a declared length' (res, { change, cb }) {
    res.setHeader('Content-Length', 11)
    res.strictContentLength = true
    res.write('one ', cb('one'))
    change()
    res.write('two ', cb('two'))
    await turn()
    res.end('fin', cb('end'))
    return 'one two fin'
  },
  async 'with bytes that wait for their reader' (res, { change, cb, drained, resume }) {
    const answer = res.write(BIG, cb('big'))
    const wait = answer ? undefined : drained()
    await turn()
    change()
    res.write('more ', cb('more'))
    resume()
    await wait
    res.write('still more ', cb('still more'))
    res.end('end', cb('end'))
    return Buffer.concat([BIG, Buffer.from('more still more end')])
  },
  async 'with its end behind bytes that wait' (res, { change, cb, resume }) {
    res.write(BIG, cb('big'))
    res.end(BIG, cb('end'))
    await turn()
    change()
    await turn()
    resume()
    return Buffer.concat([BIG, BIG])
  },
  async 'in a listener of drain' (res, { change, cb, drained, resume }) {
    const wait = drained()
    res.write(BIG, cb('big'))
    const answer = res.write(BIG, cb('big again'))
    resume()
    // The second response of the connection may have the room.
    if (!answer) await wait
    change()
    res.write('more ', cb('more'))
    res.end('end', cb('end'))
    return Buffer.concat([BIG, BIG, Buffer.from('more end')])
  }
}

test.afterEach.always(() => sluice.uninstall())

for (const [change, [before, now]] of Object.entries(CHANGES)) {
  for (const options of OPTIONS) {
    for (const [title, script] of Object.entries(SCRIPTS)) {
      test.serial(`${change} ${title} ${JSON.stringify(options)}`, async (t) => {
        before(options)
        const told = []
        const bodies = []
        let requests = 0
        const { address, close } = await startServer(stock, {
          listener: async (req, res) => {
            const { log, closed, cb } = watch(res)
            told.push({ log, closed })
            const isFirst = requests++ === 0
            bodies.push(Buffer.from(await script(res, {
              cb,
              change: isFirst ? () => now(options) : () => {},
              drained: () => new Promise((resolve) => res.once('drain', resolve)),
              resume: () => client.resume()
            })))
          }
        })
        t.teardown(close)
        const client = await RawClient.connect(address, { paused: true })
        client.send(request('GET', '/1', { close: false }))
        await until(() => told.length === 1)
        if (!/wait|drain/.test(title)) client.resume()
        await told[0].closed
        // A request to the same connection, then to a new one.
        client.send(request('GET', '/2'))
        client.resume()
        await client.closed
        const responses = parseResponses(client.bytes, ['GET', 'GET'])
        t.is(responses.length, 2)
        await Promise.all(told.map(({ closed }) => closed))
        for (const [n, { body }] of responses.entries()) t.true(body.equals(bodies[n]), `body ${n}: ${body.length} bytes`)
        // How often `drain` comes is the mode's; everything else comes once, in order.
        const callbacks = [...String(script).matchAll(/\bcb\('([^']+)'\)/g)].map(([, name]) => name)
        for (const { log } of told) {
          t.deepEqual(log.filter((name) => callbacks.includes(name)), callbacks)
          t.deepEqual(log.filter((name) => ['finish', 'close'].includes(name)), ['finish', 'close'])
        }
      })
    }
  }
}

async function ask (t, { change, write }) {
  const server = http.createServer(async (req, res) => {
    let length = 0
    for await (const piece of req) length += piece.length
    res.end(String(length))
  })
  const { port } = await listen(server)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const lengths = []
  for (let n = 0; n < 3; n++) {
    const req = http.request({ host: '127.0.0.1', port, agent, method: 'POST' })
    const answer = new Promise((resolve, reject) => req.on('response', resolve).on('error', reject))
    const log = []
    for (const event of ['finish', 'close']) req.on(event, () => log.push(event))
    const closed = new Promise((resolve) => req.once('close', resolve))
    await new Promise((resolve) => req.once('socket', (socket) => socket.connecting ? socket.once('connect', resolve) : resolve()))
    await turn()
    await write(req, n === 1 ? change : () => {})
    let text = ''
    for await (const piece of (await answer).setEncoding('latin1')) text += piece
    await closed
    lengths.push(text)
    t.deepEqual(log, ['finish', 'close'])
    t.is(req.reusedSocket, n > 0)
  }
  agent.destroy()
  await closeServer(server)
  return lengths
}

for (const [change, [before, now]] of Object.entries(CHANGES)) {
  test.serial(`${change} in the middle of a request`, async (t) => {
    before({})
    const lengths = await ask(t, {
      change: () => now({}),
      async write (req, change) {
        req.write(Buffer.from('one '))
        req.write('two ')
        change()
        req.write(Buffer.from('three '))
        await turn()
        req.write(BIG)
        change()
        req.end('end')
      }
    })
    t.deepEqual(lengths, Array(3).fill(String(BIG.length + 17)))
  })
}
