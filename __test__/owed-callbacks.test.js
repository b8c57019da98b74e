'use strict'

// What a `write` owes: its callback, in its turn, with an error when its bytes never leave.

const test = require('ava')
const host = require('./support/host')
const { selfCheck } = require('./support/subject')
const { serveInTurn, fillKernel } = require('./support/in-turn')
const { pipeline, request } = require('./support/requests')
const { turns, until, deferred } = require('./support/event-loop')

/** Stock Node answers with its high-water mark, not with the truth. */
const truth = selfCheck ? test.serial.skip : test.serial
const ofLinux = host.isLinux ? truth : test.serial.skip

const BIG = Buffer.alloc(20 << 20, 'b')

ofLinux('callbacks come in order where the kernel refuses what it had room for', async (t) => {
  const log = []
  let isWritten = false
  const over = deferred()
  await serveInTurn([(res) => {
    res.on('finish', () => log.push('finish')).on('close', over.resolve)
    t.true(res.write('a', () => log.push('a')))
    fillKernel(res.socket)
    res.cork()
    res.write('b', () => log.push('b'))
    res.end('c', () => log.push('end'))
    isWritten = true
  }], async (client) => {
    client.send(request())
    await until(() => isWritten)
    await turns(3)
    t.deepEqual(log, [])
    client.resume()
    await over.promise
    t.deepEqual(log.slice(0, 2), ['a', 'b'])
    t.deepEqual(log.slice(2).sort(), ['end', 'finish'])
  })
})

truth('a write behind the end of its socket has its callback', async (t) => {
  const log = []
  const over = deferred()
  await serveInTurn([(res) => {
    res.write('a', () => log.push('a'))
    res.socket.end()
    res.write('b', (error) => log.push(error instanceof Error))
    res.on('close', () => setImmediate(over.resolve))
  }], async (client) => {
    client.send(request())
    client.resume()
    await client.closed
    await over.promise
    t.deepEqual(log, ['a', true])
  })
})

ofLinux("the callbacks around a write of the socket's own that fails come in order, with its error", async (t) => {
  const calls = []
  const over = deferred()
  const took = (name) => (error) => {
    calls.push(`${name} ${error?.code}`)
    if (calls.length === 4) over.resolve()
  }
  let reset
  await serveInTurn([
    (res, { socket }) => {
      socket.on('error', () => {})
      res.writeHead(200)
      reset()
      res.write('a', took('first'))
      socket.write('b', took("socket's own"))
      res.write('c', took('second'))
      res.write('d', took('third'))
    }
  ], async (client) => {
    reset = () => client.reset()
    client.send(request())
    await over.promise
    t.deepEqual(calls, ['first ECONNRESET', "socket's own ECONNRESET", 'second ECONNRESET', 'third ECONNRESET'])
  })
})

for (const [how, lose] of Object.entries({
  'the server destroys the socket': ({ socket }) => socket.destroy(),
  'the client leaves': ({ client }) => client.destroy(),
  'the response before is destroyed': ({ first }) => first.destroy()
})) {
  truth(`callbacks of a response that waits for its turn get an error when ${how}`, async (t) => {
    const calls = []
    const both = deferred()
    const over = deferred()
    const took = (name) => (error) => calls.push(`${name} ${error instanceof Error}`)
    let first
    await serveInTurn([
      (res) => { first = res },
      (res, { socket }) => {
        res.on('error', () => {})
        res.write('a', took('first'))
        res.write('b')
        res.write('c', took('second'))
        res.end('d', took('end'))
        socket.on('close', () => setImmediate(over.resolve))
        both.resolve(socket)
      }
    ], async (client) => {
      client.send(pipeline(2))
      const socket = await both.promise
      lose({ socket, client, first })
      await over.promise
      // Up to Node 22 the callback of `end` is a listener of `finish`.
      t.deepEqual(calls, ['first true', 'second true', ...host.callsEndCallbacks ? ['end true'] : []])
    })
  })
}

truth('a write of a response whose turn never came has its callback, with an error', async (t) => {
  const both = deferred()
  await serveInTurn([
    () => {},
    (res, { socket }) => both.resolve([res, socket])
  ], async (client) => {
    client.send(pipeline(2))
    const [res, socket] = await both.promise
    res.on('error', () => {})
    socket.destroy()
    const soon = new Promise((resolve) => res.write('a', resolve))
    t.true(await soon instanceof Error)
    await until(() => socket.closed)
    const late = new Promise((resolve) => res.write('b', resolve))
    t.true(await late instanceof Error)
  })
})

/** The messages of what is thrown meanwhile where nobody catches it. */
async function uncaughtDuring (play) {
  const thrown = []
  const onUncaught = (error) => thrown.push(error.message)
  const others = process.rawListeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', onUncaught)
  try {
    await play()
  } finally {
    process.removeListener('uncaughtException', onUncaught)
    for (const listener of others) process.on('uncaughtException', listener)
  }
  return thrown
}

truth('20,000 callbacks that wait for a turn get their errors, whatever one of them throws', async (t) => {
  const COUNT = 20_000
  let errors = 0
  const both = deferred()
  const thrown = await uncaughtDuring(() => serveInTurn([
    () => {},
    (res, { socket }) => {
      res.on('error', () => {})
      for (let n = 0; n < COUNT; n++) {
        res.write('x', (error) => {
          if (error) errors++
          if (n === 100) throw new Error('of a callback')
        })
      }
      both.resolve(socket)
    }
  ], async (client) => {
    client.send(pipeline(2))
    const socket = await both.promise
    socket.destroy()
    await until(() => errors === COUNT)
  }))
  t.deepEqual(thrown, ['of a callback'])
})

for (const throwing of ['first', 'of the socket', 'behind it', 'last', 'any']) {
  ofLinux(`each callback of a connection that is lost is called once, whatever one throws: ${throwing}`, async (t) => {
    const called = []
    const closed = deferred()
    const callback = (name) => (error) => {
      called.push([name, error?.code])
      if (throwing === name || throwing === 'any') throw new Error(name)
    }
    const thrown = await uncaughtDuring(() => serveInTurn([
      (res, { socket }) => {
        socket.on('close', closed.resolve)
        res.write(BIG, callback('first'))
        socket.write('own', callback('of the socket'))
        res.write('c', callback('behind it'))
        socket.write('own', callback('last'))
        socket.destroy()
      }
    ], async (client) => {
      client.send(request())
      await closed.promise
      await until(() => called.length >= 4)
      // Whatever would call one once more.
      await turns(3)
    }))
    const names = ['first', 'of the socket', 'behind it', 'last']
    t.deepEqual(called, names.map((name) => [name, 'ERR_STREAM_DESTROYED']))
    t.deepEqual(thrown, names.filter((name) => throwing === name || throwing === 'any'))
  })
}

/** A request whose client lets what comes wait for some turns before it reads. */
async function readLate (client) {
  client.send(request())
  await turns(5)
  client.resume()
  await client.closed
}

truth('a write in the drain of others leaves, and its callback hears of no error, behind theirs', async (t) => {
  const calls = []
  const took = (name) => (error) => calls.push(`${name} ${error?.code}`)
  await serveInTurn([(res) => {
    t.false(res.write(BIG, took('first')))
    res.socket.write('own')
    t.false(res.write('second', took('second')))
    res.on('drain', () => {
      res.write('third', took('third'))
      setImmediate(() => res.end())
    })
  }], async (client) => {
    await readLate(client)
    t.deepEqual(calls, ['first undefined', 'second undefined', 'third undefined'])
  })
})

truth('a write of no bytes on the socket, behind bytes that wait, has its callback before those of what follows', async (t) => {
  const calls = []
  await serveInTurn([(res, { socket }) => {
    t.false(res.write(BIG))
    socket.write('', () => calls.push('nothing'))
    res.write('behind', () => calls.push('behind'))
    res.end(() => calls.push('end'))
  }], async (client) => {
    await readLate(client)
    t.deepEqual(calls, ['nothing', 'behind', 'end'])
  })
})

ofLinux('what waits on a socket that writes its pieces one by one hears that the socket is destroyed', async (t) => {
  const calls = []
  const over = deferred()
  const took = (name) => (error) => calls.push(`${name} ${error?.code}`)
  await serveInTurn([async (res, { socket }) => {
    socket.on('close', over.resolve)
    res.write('begun')
    await turns(3)
    socket._writev = null
    res.write('first', took('first'))
    res.write(BIG, took('second'))
    res.write('third', took('third'))
    await turns(3)
    socket.destroy()
  }], async (client) => {
    client.send(request())
    await over.promise
    await turns(3)
    t.deepEqual(calls, ['first undefined', 'second ERR_STREAM_DESTROYED', 'third ERR_STREAM_DESTROYED'])
  })
})
