'use strict'

// The truth of true and false, in 'kernel' mode, against readers that are slow,
// stop, or never read.

const test = require('ava')
const { once } = require('node:events')
const host = require('./support/host')
const { compare } = require('./support/differential')
const { subject, selfCheck } = require('./support/subject')
const { RawClient } = require('./support/raw-client')
const { BodyReader, sha256 } = require('./support/body-reader')
const { startServer } = require('./support/servers')
const { request } = require('./support/requests')
const { randomFrom, randomBytes } = require('./support/random')
const { parseResponses } = require('./support/response-parser')
const { turn, turns, until, deferred } = require('./support/event-loop')

/** Stock Node answers with its high-water mark, not with the truth. */
const truth = selfCheck ? test.serial.skip : test.serial

const MiB = 1 << 20
const SEED = Number(process.env.SLUICE_SEED ?? Date.now() % 1_000_000)

/** Serves one request with `script` and reads it with a client of its own. */
async function serveOnce ({ transport = 'tcp', options = {}, clientOptions = {} }, script, read) {
  const outcome = deferred()
  const { address, close } = await startServer(subject, {
    transport,
    options,
    listener: (req, res) => { Promise.resolve(script(res, req)).then(outcome.resolve, outcome.reject) }
  })
  const client = await RawClient.connect(address, { keep: false, ...clientOptions })
  try {
    client.send(request())
    const [result] = await Promise.all([outcome.promise, read(client)])
    return result
  } finally {
    if (!client.isClosed) client.destroy()
    await close()
  }
}

/**
 * A program that honours `false`, most of the time, and checks each answer.
 * @returns what it wrote and what it was told
 */
async function writeTruthfully (t, res, random, total, largest) {
  const told = { true: 0, false: 0, drains: 0, written: 0, hash: null }
  const chunks = []
  let waiting = false
  let drained = deferred()
  res.on('drain', () => {
    told.drains++
    if (!waiting) t.fail('a drain without a false')
    if (res.writableLength !== 0) t.fail(`drain with ${res.writableLength} bytes in user memory`)
    waiting = false
    drained.resolve()
    drained = deferred()
  })
  let episodes = 0
  while (told.written < total) {
    const size = random() < 0.5 ? 1 + Math.floor(random() * 2000) : 1 + Math.floor(random() * largest)
    const bytes = randomBytes(random, Math.min(size, total - told.written))
    chunks.push(bytes)
    const asString = random() < 0.3
    const result = asString ? res.write(bytes.toString('latin1'), 'latin1') : res.write(bytes)
    told.written += bytes.length
    told[result]++
    if (result) {
      if (waiting) t.fail('true while bytes wait in user memory')
      if (random() < 0.3) {
        await turn()
        if (res.writableLength !== 0) t.fail(`${res.writableLength} bytes in user memory a turn after true`)
      }
    } else {
      if (!waiting) episodes++
      waiting = true
      // Now and then it goes on although it was told to wait.
      if (random() < 0.8) await drained.promise
    }
  }
  if (waiting) await drained.promise
  t.is(told.drains, episodes, 'one drain for each time it had to wait')
  told.hash = sha256(...chunks)
  return told
}

for (const [n, [transport, pieceSize, rests]] of [
  ['tcp', 65536, 4], ['tcp', 4096, 3], ['tcp', 16384, 12], ['tcp', 1 << 20, 200],
  ...(host.isWindows ? [] : [['unix', 8192, 3], ['unix', 65536, 20]])
].entries()) {
  for (const coalesce of [true, false]) {
    const title = `true and false, ${transport}, pieces of ${pieceSize}, rests of up to ${rests} turns, coalesce ${coalesce}`
    truth(title, async (t) => {
      t.timeout(60_000)
      const random = randomFrom(SEED + n)
      t.log(`SLUICE_SEED=${SEED}`)
      const body = new BodyReader()
      const total = 16 * MiB
      const told = await serveOnce({
        transport,
        options: { coalesce },
        clientOptions: { pieceSize, onPiece: body.onPiece }
      }, async (res) => {
        res.setHeader('Content-Length', total)
        const told = await writeTruthfully(t, res, random, total, 300_000)
        res.end()
        return told
      }, async (client) => {
        client.readSlowly(randomFrom(SEED - n), rests)
        await client.closed
      })
      t.is(body.length, total)
      t.is(body.digest(), told.hash)
      t.log(`true ${told.true}, false ${told.false}, drain ${told.drains}`)
      t.true(told.true > 0)
      t.true(told.false > 0)
    })
  }
}

truth('a reader that stops: the answer turns false, and drain comes when it reads on', async (t) => {
  t.timeout(60_000)
  const body = new BodyReader()
  const total = 64 * MiB
  const piece = 64 * 1024
  const random = randomFrom(SEED)
  let written = 0
  let highest = 0
  let drains = 0
  let stalled = false
  const hash = await serveOnce({ clientOptions: { paused: true, onPiece: body.onPiece } }, async (res) => {
    const chunks = []
    res.on('drain', () => { drains++ })
    res.setHeader('Content-Length', total)
    while (written < total) {
      const bytes = randomBytes(random, piece)
      chunks.push(sha256(bytes))
      const result = res.write(bytes)
      written += piece
      highest = Math.max(highest, res.writableLength)
      if (!result) {
        stalled = true
        await new Promise((resolve) => res.once('drain', resolve))
      }
    }
    res.end()
    return chunks
  }, async (client) => {
    await until(() => stalled)
    const before = { written, drains }
    await turns(50)
    t.deepEqual({ written, drains }, before, 'nothing moves while nobody reads')
    t.true(written < 32 * MiB, `the kernel took ${written}`)
    client.resume()
    await client.closed
  })
  t.is(body.length, total)
  // What is deferred until the end of this turn counts, and is bounded too (`DEFER_MOST`).
  t.true(highest <= 8 * MiB, `${highest} bytes in user memory`)
  t.true(drains > 0)
  t.is(hash.length, total / piece)
})

truth('bytes of a reader that stops arrive in order when it reads on', async (t) => {
  t.timeout(60_000)
  const body = new BodyReader()
  const random = randomFrom(SEED)
  let told
  let begins = false
  await serveOnce({ clientOptions: { paused: true, onPiece: body.onPiece } }, async (res) => {
    begins = true
    res.setHeader('Content-Length', 24 * MiB)
    told = await writeTruthfully(t, res, random, 24 * MiB, 500_000)
    res.end()
  }, async (client) => {
    await until(() => begins)
    await turns(30)
    client.readSlowly(randomFrom(SEED + 1), 3)
    await client.until(() => body.length > 4 * MiB)
    client.pause()
    await turns(50)
    client.readFast()
    await client.closed
  })
  t.is(body.digest(), told.hash)
})

test.serial('100 MiB of one Buffer, written whatever the answer: held, not lost', async (t) => {
  t.timeout(60_000)
  const body = new BodyReader()
  const shared = randomBytes(randomFrom(SEED), MiB)
  const callbacks = []
  let drains = 0
  await serveOnce({ clientOptions: { paused: true, onPiece: body.onPiece } }, async (res) => {
    res.setHeader('Content-Length', 100 * MiB)
    res.on('drain', () => { drains++ })
    for (let n = 0; n < 100; n++) {
      res.write(shared, (error) => callbacks.push(error ?? n))
    }
    await turns(3)
    t.true(res.writableLength > 60 * MiB, `${res.writableLength}`)
    t.true(res.writableLength <= 101 * MiB)
    await until(() => drains === 1)
    t.is(res.writableLength, 0)
    res.end()
  }, async (client) => {
    await turns(20)
    t.is(drains, 0)
    client.resume()
    await client.closed
  })
  t.is(body.digest(), sha256(...Array(100).fill(shared)))
  t.deepEqual(callbacks, [...Array(100).keys()])
  t.is(drains, 1)
})

test.serial('small writes beyond all room, then end: all arrive', async (t) => {
  t.timeout(60_000)
  const body = new BodyReader()
  const count = 200_000
  const line = (n) => `${n}: a line of a page that is written line by line\n`
  const whole = Array.from({ length: count }, (_, n) => line(n)).join('')
  let callbacks = 0
  let ended = false
  await serveOnce({ clientOptions: { paused: true, onPiece: body.onPiece } }, async (res) => {
    res.setHeader('Content-Length', whole.length)
    for (let n = 0; n < count; n++) res.write(line(n), () => { callbacks++ })
    res.end(() => { ended = true })
  }, async (client) => {
    await turns(10)
    t.false(ended, 'finish before the kernel has everything')
    client.resume()
    await client.closed
  })
  t.is(body.digest(), sha256(whole))
  t.is(callbacks, count)
  t.true(ended)
})

/** A request as large as a read, so that Node's pause of a flood can show. */
const floodOf = (count) => Array.from({ length: count }, (_, n) =>
  request('GET', `/${n}`, { fields: [`X-Padding: ${'x'.repeat(4000)}`], close: n === count - 1 })).join('')

for (const backpressure of ['kernel', 'high-water-mark']) {
  test.serial(`a pipelined flood to a client that never reads is paused, ${backpressure}`, async (t) => {
    t.timeout(60_000)
    const count = 1000
    const answer = Buffer.alloc(100_000, 'x')
    let served = 0
    const { address, close } = await startServer(subject, {
      options: { backpressure },
      listener: (req, res) => {
        served++
        res.write(answer.subarray(0, 50_000))
        res.end(answer.subarray(50_000))
      }
    })
    const client = await RawClient.connect(address, { paused: true })
    client.send(floodOf(count))
    let before = -1
    while (served !== before) {
      before = served
      await turns(50)
    }
    t.true(served > 0 && served < count / 2, `${served} requests served`)
    client.resume()
    await client.closed
    const responses = parseResponses(client.bytes, Array(count).fill('GET'))
    t.is(responses.length, count)
    t.true(responses.every(({ body }) => body.equals(answer)))
    await close()
  })
}

// What the high-water mark says about a reader that stops is Node's own.
for (const [name, sizes] of Object.entries({
  'one byte at a time': Array(50).fill(1),
  'around the mark': [16_383, 1, 1, 65_535, 1, 16_384],
  'one huge chunk': [8 * MiB],
  'many large chunks': Array(12).fill(MiB)
})) {
  test.serial(`high-water-mark: ${name} to a reader that stops`, async (t) => {
    t.timeout(60_000)
    await compare(t, {
      clientOptions: { paused: true },
      async client (client, { request, exchanges }) {
        client.send(request)
        await until(() => exchanges.length === 1 && exchanges[0].res.writableEnded)
        await turns(5)
        client.resume()
        await client.closed
      },
      async script ({ m, cb, res }) {
        m.setHeader('Content-Length', sizes.reduce((sum, size) => sum + size))
        for (const [n, size] of sizes.entries()) m.write(Buffer.alloc(size, 'x'), cb(n))
        await turns(5)
        for (const size of [0, 0]) m.write(Buffer.alloc(size))
        m.end(cb('end'))
      }
    }, { transport: 'tcp', backpressure: 'high-water-mark' })
  })
}

truth('coalesce: false hands over at once', async (t) => {
  await serveOnce({ options: { coalesce: false } }, async (res) => {
    res.setHeader('Content-Length', 10)
    t.true(res.write('12345'))
    t.is(res.writableLength, 0)
    t.true(res.write(Buffer.from('12345')))
    t.is(res.writableLength, 0)
    res.end()
  }, (client) => client.closed)
})

for (const [title, event] of [['text', 'an event'], ['bytes', Buffer.from('an event')]]) {
  truth(`one write a turn leaves at once, and those that come together are gathered again: ${title}`, async (t) => {
    const total = 60
    await serveOnce({ clientOptions: { keep: true } }, async (res) => {
      res.setHeader('Content-Length', total * event.length)
      let atOnce = 0
      for (let n = 0; n < 40; n++) {
        t.true(res.write(event))
        if (res.writableLength === 0) atOnce++
        await turns(1)
      }
      // The first turns show it, and one in nine is looked at again.
      t.true(atOnce >= 20 && atOnce <= 32, `${atOnce} of 40`)
      for (let n = 40; n < total; n++) t.true(res.write(event))
      t.true(res.writableLength > 0)
      res.end()
    }, async (client) => {
      await client.closed
      t.is(client.bytes.toString('latin1').split('\r\n\r\n')[1], 'an event'.repeat(total))
    })
  })
}

truth('flushWrites hands over what is deferred', async (t) => {
  await serveOnce({}, async (res) => {
    res.setHeader('Content-Length', 6)
    t.true(res.write('123'))
    t.true(res.flushWrites())
    t.is(res.writableLength, 0)
    t.true(res.write('456'))
    t.true(res.flushWrites())
    res.end()
    t.true(res.flushWrites())
  }, (client) => client.closed)
})

for (const [title, uncork] of [['message', (res) => res.uncork()], ['socket', (res) => res.socket.uncork()]]) {
  truth(`an uncork of the ${title} hands over what is deferred, as where Node corks`, async (t) => {
    await serveOnce({}, async (res) => {
      res.setHeader('Content-Length', 9)
      t.true(res.write('123'))
      t.is(res.writableLength, res._header.length + 3)
      uncork(res)
      t.is(res.writableLength, 0)
      res.socket.cork()
      t.true(res.write('456'))
      res.socket.cork()
      uncork(res)
      t.is(res.writableLength, 3)
      res.socket.uncork()
      t.is(res.writableLength, 0)
      t.true(res.write('789'))
      t.is(res.writableLength, 3)
      res.end()
    }, (client) => client.closed)
  })
}

truth('flushWrites says false while the kernel refuses', async (t) => {
  await serveOnce({ clientOptions: { paused: true } }, async (res) => {
    res.setHeader('Content-Length', 32 * MiB)
    t.false(res.write(Buffer.alloc(32 * MiB)))
    t.false(res.flushWrites())
    t.true(res.writableLength > 0)
    res.end()
  }, async (client) => {
    await turns(5)
    client.resume()
    await client.closed
  })
})

truth('a message that waits for its turn answers false, and drains when its turn comes', async (t) => {
  const messages = []
  const { address, close } = await startServer(subject, { listener: (req, res) => { messages.push(res) } })
  const client = await RawClient.connect(address)
  client.send(request('GET', '/1', { close: false }) + request('GET', '/2'))
  await until(() => messages.length === 2)
  const [first, second] = messages
  let drains = 0
  second.on('drain', () => { drains++ })
  t.false(second.write('second'))
  await turns(3)
  t.is(drains, 0)
  t.true(second.writableLength > 0)
  first.end('first')
  await until(() => drains === 1)
  t.is(second.writableLength, 0)
  second.end()
  await client.closed
  t.is(drains, 1)
  const bodies = parseResponses(client.bytes, ['GET', 'GET']).map(({ body }) => body.toString())
  t.deepEqual(bodies, ['first', 'second'])
  await close()
})

// From Node 24 on such a response is destroyed, and tells of it.
const untilDestroyed = host.major < 24 ? truth : test.serial.skip
for (const transport of ['tcp', 'tls']) {
  untilDestroyed(`what writes behind another response comes to its end when the client leaves (${transport})`, async (t) => {
    const events = []
    const done = deferred()
    const { address, close } = await startServer(subject, {
      transport,
      listener: async (req, res) => {
        if (req.url === '/0') return
        events.push(res.write('small'), res.write('small'))
        await once(res, 'drain')
        events.push('drain', res.write('small'))
        res.end()
        done.resolve()
      }
    })
    const client = await RawClient.connect(address)
    client.send(request('GET', '/0', { close: false }) + request('GET', '/1', { close: false }))
    await until(() => events.length === 2)
    await turns(3)
    t.deepEqual(events, [false, false])
    client.destroy()
    await done.promise
    t.deepEqual(events, [false, false, 'drain', true])
    await close()
  })
}
