'use strict'

// Pipelined responses that have ended before their turn leave with the one before them. Nobody who listens
// to a response can see it, and nothing is sent that Node would not send: so these responses have no
// listeners, and what becomes of them is told by the server's own channel.

const v8 = require('node:v8')
const vm = require('node:vm')
const test = require('ava')
const channel = require('node:diagnostics_channel').channel('http.server.response.finish')
const { stock, subject, selfCheck } = require('../support/subject')
const { startServer } = require('../support/servers')
const { RawClient } = require('../support/raw-client')
const { request } = require('../support/requests')
const { WARM, warmUp } = require('../support/warm')
const { turns } = require('../support/event-loop')
const { wireText, wireMeaning, abbreviate } = require('../support/normalise')
const host = require('../support/host')

const KERNEL = { backpressure: 'kernel' }
const HIGH_WATER_MARK = { backpressure: 'high-water-mark' }

const requestOf = (path, method = 'GET') => request(method, path, { close: false })

/**
 * On a connection that is warm: a burst of requests that the script answers, and a last one.
 * @param {(exchange: { req: object, res: object, n: number, note: Function, all: object[] }) => unknown} script
 * @param {string[]} methods of the burst's requests
 */
async function run (side, options, { methods, script }) {
  const log = []
  const all = []
  let socket
  const numbers = new Map()
  const { address, close } = await startServer(side, {
    options,
    listener (req, res) {
      socket = req.socket
      socket.setMaxListeners(0)
      if (req.url === WARM) return res.end(WARM)
      const isLast = req.url === '/last'
      const n = isLast ? 'last' : Number(req.url.slice(1))
      numbers.set(res, n)
      if (isLast) return res.end('the last')
      all[n] = { req, res, n, all, note: (what) => { log.push(`${n}: ${what}`) } }
      return script(all[n])
    }
  })
  const written = []
  const onFinish = ({ response }) => {
    const n = numbers.get(response)
    if (n === undefined) return
    written[n] = socket.bytesWritten
    log.push(`${n}: finish ${response.writableFinished} ${response.writableLength} ${response.outputData.length}`)
  }
  channel.subscribe(onFinish)
  const client = await RawClient.connect(address)
  try {
    await warmUp(client)
    const before = client.length
    client.send(methods.map((method, n) => requestOf(`/${n}`, method)).join('') + requestOf('/last'))
    await client.until(({ text, ended }) => ended || text.endsWith('\r\n\r\nthe last'))
    await turns(3)
    return { log, written, socketWritten: socket.bytesWritten, bytes: client.bytes.subarray(before) }
  } finally {
    channel.unsubscribe(onFinish)
    client.destroy()
    await client.closed
    await close()
  }
}

/**
 * @param {{ isTogether?: boolean, unless?: boolean }} scene whether all that is sent leaves with the second, the
 *   first that waits for its turn; `unless`: the host itself fails here
 */
function scene (title, { methods = new Array(8).fill('GET'), script, isTogether, unless = false }) {
  if (unless) return test.serial.skip(title, () => {})
  test.serial(title, async (t) => {
    t.timeout(30_000)
    const scenario = { methods, script }
    const expected = await run(stock, {}, scenario)
    for (const options of [KERNEL, HIGH_WATER_MARK]) {
      const actual = await run(subject, options, scenario)
      // Node 26 joins the chunks of a tick.
      const isJoined = host.joinsTick && options === KERNEL
      const wire = ({ bytes }) => isJoined ? wireMeaning(bytes, [...methods, 'GET']) : abbreviate(wireText(bytes))
      t.deepEqual(wire(actual), wire(expected))
      t.deepEqual(actual.log, expected.log)
      if (!isJoined) t.is(actual.socketWritten, expected.socketWritten)
      if (options === KERNEL && !selfCheck && isTogether !== undefined) t.is(actual.written[1] === actual.socketWritten, isTogether, `${actual.written}`)
    }
  })
}

const end = ({ res, n }) => { res.end(`answer ${n}`) }
const except = (nth, script) => (exchange) => { (exchange.n === nth ? script : end)(exchange) }

scene('ended at once: all leave with the second', { script: end, isTogether: true })

scene('streamed, with trailers, of Buffers, of text in many encodings', {
  isTogether: true,
  script ({ res, n }) {
    res.setHeader('Trailer', 'X-N')
    res.write(`é${n}`)
    res.write(Buffer.from('bytes'))
    res.write('6869', 'hex')
    res.write('hé', 'latin1')
    res.write('hé', 'utf16le')
    res.addTrailers({ 'X-N': `${n}` })
    res.end()
  }
})

scene('without a body', {
  isTogether: true,
  methods: ['GET', 'HEAD', 'GET', 'OPTIONS', 'GET', 'HEAD', 'GET', 'DELETE'],
  script ({ res, n }) {
    res.statusCode = [200, 200, 204, 304, 200][n % 5]
    if (n % 3 === 0) res.end()
    else res.end('body')
  }
})

scene('one closes the connection: those behind it are dropped', {
  isTogether: true,
  script: except(4, ({ res }) => { res.setHeader('Connection', 'close').end('closes') })
})

scene('one is ended later', {
  isTogether: false,
  script: except(4, async ({ res }) => {
    await turns(2)
    res.end('late')
  })
})

scene('one is ended in a microtask', {
  isTogether: false,
  script: except(3, async ({ res }) => {
    await null
    res.end('soon')
  })
})

scene('one streams, and ends later', {
  isTogether: false,
  script: except(5, async ({ res }) => {
    res.write('streams')
    await turns(2)
    res.end('late')
  })
})

scene('answered in reverse', {
  isTogether: true,
  script ({ n, all }) {
    if (n === 7) for (const exchange of [...all].reverse()) end(exchange)
  }
})

scene('one is large', {
  isTogether: false,
  script: except(4, ({ res }) => { res.end(Buffer.alloc(100_000, 'x')) })
})

scene('one has a listener that destroys the socket: those behind it are not sent', {
  script: except(4, ({ req, res }) => { res.on('finish', () => { req.socket.destroy() }).end('destroys') })
})

scene('one has a listener of close that destroys the socket', {
  script: except(4, ({ req, res }) => { res.on('close', () => { req.socket.destroy() }).end('destroys') })
})

scene('the callback of an end destroys the socket', {
  script: except(4, ({ req, res }) => { res.end('destroys', () => { req.socket.destroy() }) })
})

scene('the callback of a write destroys the socket', {
  script: except(4, ({ req, res }) => {
    res.write('destroys', () => { req.socket.destroy() })
    res.end()
  })
})

scene('callbacks come in their turns', {
  isTogether: false,
  script ({ res, n, note }) {
    res.write('a', () => note('a'))
    res.end('b', () => note('b'))
  }
})

scene('one is destroyed when it has ended', {
  script: except(4, ({ res }) => { res.end('destroyed').destroy() })
})

scene('what is sent is looked at', {
  script: except(4, ({ res, note }) => {
    const { _send } = res
    res._send = function (...values) {
      if (values[0]) note(values[0])
      return _send.apply(this, values)
    }
    res.end('looked at')
  })
})

scene('somebody else writes to the socket', {
  isTogether: true,
  script: except(4, ({ req, res }) => {
    req.socket.write('RAW')
    res.end('raw')
  })
})

scene('a wrapped parser callback', {
  isTogether: true,
  script (exchange) {
    const { parser } = exchange.req.socket
    if (exchange.n === 0) {
      const { onIncoming } = parser
      parser.onIncoming = function (...values) {
        exchange.note('incoming')
        return onIncoming.apply(this, values)
      }
    }
    end(exchange)
  }
})

scene('a response that the program makes of a request that waits is none of the connection', {
  script: except(4, async ({ req, res }) => {
    const inner = new (Object.getPrototypeOf(res).constructor)(req)
    inner.end('inner')
    await turns(2)
    res.end('outer')
  })
})

scene('a response whose request is replaced by another', {
  // Node 26 asserts that it is not.
  unless: host.joinsTick,
  script: except(4, async ({ res, all, note }) => {
    await null
    res.req = all[2].req
    note('replaced')
    res.end('answer')
  })
})

scene('an object derived from a response', {
  // Node 26 keeps a response's state by identity.
  unless: host.joinsTick,
  isTogether: false,
  script: except(4, ({ res }) => { Object.create(res).end('derived') })
})

scene('a wrapped write of the socket sees all', {
  isTogether: false,
  script ({ req, res, n, note }) {
    if (n === 2) {
      const { write } = req.socket
      req.socket.write = function (chunk, ...more) {
        if (chunk.length !== 0) note(`${chunk}`.split('\r\n\r\n')[1])
        return write.call(this, chunk, ...more)
      }
    }
    res.end(`answer ${n}`)
  }
})

/** What a server's `emit` may be. */
const EMITS = {
  writable: (emit) => ({ value: emit, writable: true, configurable: true, enumerable: false }),
  'not writable': (emit) => ({ value: emit, writable: false, configurable: true, enumerable: true }),
  'an accessor': (emit, note) => ({ get: () => emit, set: () => note('emit is set'), configurable: true })
}

for (const [kind, describe] of Object.entries(EMITS)) {
  for (const isInherited of [false, true]) {
    scene(`the server's ${isInherited ? 'inherited' : 'own'} emit is ${kind}`, {
      script ({ req, res, n, note }) {
        const { server } = req.socket
        if (n === 0) {
          const { emit } = server
          const descriptor = describe(function (event, ...values) {
            if (event === 'request') note(`emit for ${values[0].url}`)
            return emit.call(this, event, ...values)
          }, note)
          if (isInherited) Object.setPrototypeOf(server, Object.create(Object.getPrototypeOf(server), { emit: descriptor }))
          else Object.defineProperty(server, 'emit', descriptor)
        }
        // The functions themselves are left out: `writable` is there where there is a value.
        note(JSON.stringify(Object.getOwnPropertyDescriptor(server, 'emit') ?? 'inherited'))
        res.end(`answer ${n}`)
      }
    })
  }
}

scene('a server whose emit can\'t be changed', {
  script ({ req, res, n, note }) {
    const { server } = req.socket
    if (n === 0) Object.defineProperty(server, 'emit', { value: server.emit })
    note(Object.hasOwn(server, 'emit'))
    res.end(`answer ${n}`)
  }
})

scene('a server that can\'t be extended', {
  script ({ req, res, n, note }) {
    if (n === 0) Object.preventExtensions(req.socket.server)
    note(Object.hasOwn(req.socket.server, 'emit'))
    res.end(`answer ${n}`)
  }
})

for (const name of ['emit', '_finish', 'detachSocket', 'assignSocket']) {
  scene(`a response's own ${name} destroys the socket`, {
    script: except(4, ({ req, res }) => {
      const method = res[name]
      res[name] = function (...values) {
        const result = method.apply(this, values)
        if (name !== 'emit' || values[0] === 'finish') req.socket.destroy()
        return result
      }
      res.end('destroys')
    })
  })
}

test.serial('an idle connection holds nothing of the pipeline that it had', async (t) => {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc')
  const requests = []
  const { address, close } = await startServer(subject, {
    async listener (req, res) {
      if (req.url === WARM) return res.end(WARM)
      requests.push(new WeakRef(req))
      await turns(requests.length)
      res.end('late')
    }
  })
  const client = await RawClient.connect(address)
  await warmUp(client)
  client.send(requestOf('/').repeat(50))
  await client.until(({ text }) => text.split('\r\n\r\nlate').length === 51)
  const alive = () => requests.filter((request) => request.deref() !== undefined).length
  for (let round = 0; round < 20 && alive() > 5; round++) {
    await turns(5)
    collect()
  }
  t.true(alive() <= 5, `${alive()} requests are alive`)
  client.destroy()
  await client.closed
  await close()
})
