'use strict'

// What a `write` owes: its `drain`, when user memory is empty, and the truth about what is there.

const net = require('node:net')
const { once } = require('node:events')
const test = require('ava')
const host = require('./support/host')
const { subject, selfCheck } = require('./support/subject')
const { RawClient } = require('./support/raw-client')
const { startServer } = require('./support/servers')
const { serveInTurn, fillKernel } = require('./support/in-turn')
const { pipeline, request } = require('./support/requests')
const { runNode, register, fixture } = require('./support/registered')
const { turns, until, deferred } = require('./support/event-loop')

/** Stock Node answers with its high-water mark, not with the truth. */
const truth = selfCheck ? test.serial.skip : test.serial
const ofLinux = host.isLinux ? truth : test.serial.skip

const BIG = Buffer.alloc(20 << 20, 'b')

truth('a response that waits makes no drain of the one that has its turn', async (t) => {
  const drains = []
  const last = deferred()
  await serveInTurn([
    (res) => {
      t.false(res.write(BIG))
      res.on('drain', () => {
        drains.push(res.writableLength)
        res.end()
      })
    },
    (res) => {
      t.false(res.write('x'))
      t.false(res.write('y'))
      res.end('z')
      last.resolve()
    }
  ], async (client) => {
    client.send(pipeline(2))
    await last.promise
    await turns(3)
    t.deepEqual(drains, [])
    client.resume()
    await client.closed
    t.deepEqual(drains, [0])
  })
})

truth('a response that has waited drains when its reader has read', async (t) => {
  const drains = []
  const both = deferred()
  let first
  await serveInTurn([
    (res) => { first = res },
    (res) => {
      t.false(res.write(BIG))
      res.on('drain', () => {
        drains.push(res.writableLength)
        res.end()
      })
      both.resolve(res)
    }
  ], async (client) => {
    client.send(pipeline(2))
    const second = await both.promise
    first.end()
    await until(() => second.socket)
    await turns(3)
    t.deepEqual(drains, [])
    client.resume()
    await client.closed
    t.deepEqual(drains, [0])
  })
})

ofLinux('what the kernel has refused at an uncork is counted', async (t) => {
  const over = deferred()
  await serveInTurn([async (res) => {
    res.write('a')
    res.socket.cork()
    fillKernel(res.socket)
    await turns(1)
    res.socket.uncork()
    t.true(res.writableLength > 0)
    t.false(res.flushWrites())
    res.on('close', over.resolve)
    over.resolve()
    res.end()
  }], async (client) => {
    client.send(request())
    await over.promise
    client.resume()
    await client.closed
  })
})

truth('a request whose socket connects answers false, and drains once', async (t) => {
  const { code, out, err } = await runNode(['--require', register, fixture('connecting.js')])
  t.deepEqual({ code, err }, { code: 0, err: '' })
  t.deepEqual(JSON.parse(out), { connecting: true, answer: false, drains: [0], received: 'onetwo' })
})

test.serial("a socket that says it connects, and writes in its own way, has the host's answer", async (t) => {
  const run = async (...flags) => {
    const { code, out, err } = await runNode([...flags, fixture('connecting-mock.js')])
    t.deepEqual({ code, err }, { code: 0, err: '' })
    return JSON.parse(out)
  }
  const [expected, actual] = [await run(), await run('--require', register)]
  t.deepEqual(expected, { connecting: true, answer: true, received: 'onetwo' })
  t.deepEqual(actual, expected)
})

ofLinux('a large request over a Unix socket ends as on stock Node', async (t) => {
  const run = async (...flags) => {
    const { code, out, err } = await runNode([...flags, fixture('unix-ends.js')])
    t.deepEqual({ code, err }, { code: 0, err: '' })
    return JSON.parse(out)
  }
  const [expected, actual] = [await run(), await run('--require', register)]
  t.deepEqual(actual, expected)
})

truth('a source that never waits is told to after some 16,000 to 22,000 writes of a tick, and drains once', async (t) => {
  const COUNT = 100_000
  const counts = { true: 0, false: 0, drain: 0 }
  let firstFalse
  await serveInTurn([
    async (res) => {
      res.on('drain', () => {
        counts.drain++
        t.is(res.writableLength, 0)
      })
      for (let n = 0; n < COUNT; n++) {
        const answer = res.write(Buffer.from([n & 255]))
        counts[answer]++
        if (!answer) firstFalse ??= n
      }
      t.true(res.writableNeedDrain)
      t.true(res.writableLength > 0)
      await turns(1)
      t.is(res.writableLength, 0)
      t.is(counts.drain, 1)
      t.true(res.write('more'))
      res.end()
    }
  ], async (client) => {
    client.resume()
    client.send(request())
    await client.closed
    // One write of a connection's crosses on its own, the others in arenas of 64 KiB.
    t.true(firstFalse > 16_000 && firstFalse < 24_000, String(firstFalse))
    t.is(counts.true + counts.false, COUNT)
    t.is(counts.drain, 1)
  })
})

ofLinux('what was queued before a chunk that is detached arrives', async (t) => {
  const over = deferred()
  const SIZE = 8 << 20
  let error
  await serveInTurn([
    (res, { socket }) => {
      socket.on('error', (given) => { error = given })
      socket.on('close', over.resolve)
      res.setHeader('Content-Length', 3 * SIZE)
      res.write(Buffer.alloc(SIZE, 'a'))
      const chunk = new Uint8Array(SIZE)
      res.write(chunk)
      structuredClone(chunk.buffer, { transfer: [chunk.buffer] })
      res.write(Buffer.alloc(SIZE, 'b'))
    }
  ], async (client) => {
    client.send(request())
    client.resume()
    await over.promise
    await client.closed
    t.is(error.code, 'ERR_INVALID_STATE')
    t.true(client.length >= SIZE && client.length < SIZE + 1000, String(client.length))
  })
})

/** One byte each, until the answer is false. */
function writeUntilFalse (res) {
  for (let n = 0; n < 1_000_000; n++) if (!res.write('x')) return
  throw new Error('never false')
}

truth('a drain that is owed after many writes comes when all have left, behind a response that owed one', async (t) => {
  const lengths = []
  const over = deferred()
  await serveInTurn([
    (res) => {
      writeUntilFalse(res)
      res.write('last', () => {})
      res.end()
    },
    (res) => {
      res.on('socket', () => {
        writeUntilFalse(res)
        res.on('drain', () => {
          lengths.push(res.writableLength)
          setImmediate(() => {
            res.end()
            over.resolve()
          })
        })
      })
    }
  ], async (client) => {
    client.resume()
    client.send(pipeline(2))
    await over.promise
    t.deepEqual(lengths, [0])
    await client.closed
  })
})

truth("a drain of the socket's own is not taken for one that is owed after many writes", async (t) => {
  const lengths = []
  await serveInTurn([
    async (res, { socket }) => {
      res.writeHead(200, { 'Content-Length': 1_000_000 })
      res.flushHeaders()
      await turns(2)
      res.on('drain', () => lengths.push(res.writableLength))
      socket.write(Buffer.alloc(socket.writableHighWaterMark + 1))
      let falses = 0
      for (let n = 0; n < 30_000; n++) if (!res.write('x')) falses++
      await turns(3)
      t.deepEqual(lengths, falses === 0 ? [] : [0])
      socket.destroy()
    }
  ], async (client) => {
    client.resume()
    client.send(request())
    await client.closed
  })
})

truth('a response that has waited for a socket of the program\'s own has its drain', async (t) => {
  const server = net.createServer((socket) => {
    const res = new subject.ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 })
    res.on('drain', () => {
      res.end()
      socket.end()
    })
    t.false(res.write(BIG))
    res.assignSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = await RawClient.connect({ transport: 'tcp', port: server.address().port, host: '127.0.0.1' }, { keep: false })
  await client.closed
  server.close()
  t.pass()
})

truth('the error that a response is destroyed with before its turn is that of its connection', async (t) => {
  const heard = deferred()
  let first
  await serveInTurn([
    (res, req) => {
      first = res
      req.socket.on('error', heard.resolve)
    },
    (res) => {
      res.on('error', () => {})
      res.destroy(new Error('mine'))
      setImmediate(() => first.end())
    }
  ], async (client) => {
    client.send(pipeline(2))
    t.is((await heard.promise).message, 'mine')
  })
})

truth('a response ends behind one that waits for its peer, when their socket has left HTTP', async (t) => {
  const waiting = []
  const server = await startServer(subject, { listener: (req, res) => waiting.push(res) })
  const ended = deferred()
  server.server.on('upgrade', (req, socket) => {
    t.falsy(socket.parser)
    t.not(waiting[0].writableLength, 0)
    waiting[0].end()
    t.notThrows(() => waiting[1].end('second'))
    ended.resolve(socket)
  })
  const client = await RawClient.connect(server.address, { paused: true, keep: false })
  client.send(request('GET', '/0', { close: false }) + request('GET', '/1', { close: false }))
  await until(() => waiting.length === 2)
  t.false(waiting[0].write(BIG))
  client.send('GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  const socket = await ended.promise
  client.destroy()
  socket.destroy()
  await server.close()
})

truth('responses that wait for their turns, again and again, leave no more listeners of close on their socket', async (t) => {
  const ROUNDS = 5
  const counts = []
  const listeners = []
  const over = Array.from({ length: ROUNDS }, deferred)
  for (let round = 0; round < ROUNDS; round++) {
    let first
    listeners.push((res) => { first = res }, (res, { socket }) => {
      counts.push(socket.listenerCount('close'))
      res.write('waits', () => {})
      first.end()
      res.end(over[round].resolve)
    })
  }
  await serveInTurn([...listeners, (res, { socket }) => {
    counts.push(socket.listenerCount('close'))
    res.end()
  }], async (client) => {
    client.resume()
    for (let round = 0; round < ROUNDS; round++) {
      client.send(request('GET', '/', { close: false }).repeat(2))
      await over[round].promise
    }
    client.send(request())
    await client.closed
    // Behind the first round, which leaves one that stays on Node 18.
    t.deepEqual(counts.slice(1), new Array(ROUNDS).fill(counts[1]))
  })
})
