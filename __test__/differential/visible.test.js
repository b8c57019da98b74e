'use strict'

// What others find when they look at a message and its socket from outside, at each step.

const test = require('ava')
const { stock, subject, selfCheck } = require('../support/subject')
const { startServer } = require('../support/servers')
const { RawClient } = require('../support/raw-client')
const { request } = require('../support/requests')
const { turns, until } = require('../support/event-loop')
const { look, inspected, names, attempt } = require('../support/look')

const LIVES = {
  'streamed, in two ticks' (res, step) {
    step('fresh')
    res.setHeader('X-A', '1')
    step('a field')
    res.writeHead(200)
    step('head stored')
    res.write('one')
    step('streaming')
    return turns(2).then(() => {
      step('turned')
      res.write(Buffer.from('two'))
      res.end('three')
      step('ended')
    })
  },
  corked (res, step) {
    res.cork()
    step('corked')
    res.uncork()
    res.end('x')
    step('ended')
  },
  'ended at once' (res, step) { res.end('x'); step('ended') },
  'no body' (res, step) { res.statusCode = 204; res.end(); step('ended') },
  destroyed (res, step) { res.write('x'); res.destroy(); step('destroyed') }
}

/** @returns {Promise<Record<string, object>>} by response and step */
async function watch (implementation, { transport, backpressure }, live) {
  const seen = {}
  let closed = 0
  function listener (req, res) {
    const step = (label) => { seen[`${req.url} ${label}`] = backpressure === 'kernel' ? look(res) : { ...look(res), inspected: inspected(res) } }
    for (const event of ['finish', 'close']) res.on(event, () => step(event))
    // The second of a pipeline is fresh without a socket.
    step('made')
    res.on('close', () => closed++)
    live(res, step)
  }
  const { address, close } = await startServer(implementation, { transport, options: { backpressure }, listener })
  const client = await RawClient.connect(address)
  client.send(request('GET', '/1', { close: false }) + request('GET', '/2'))
  await client.closed
  await turns(3)
  await close()
  return { seen, closed }
}

const VARIANTS = [['tcp', 'kernel'], ['tcp', 'high-water-mark'], ['tls', 'kernel']]

for (const [transport, backpressure] of VARIANTS) {
  for (const [title, live] of Object.entries(LIVES)) {
    test.serial(`a response ${title}, from outside (${transport}, ${backpressure})`, async (t) => {
      const expected = await watch(stock, { transport, backpressure }, live)
      t.deepEqual(await watch(subject, { transport, backpressure }, live), expected)
    })
  }

  test.serial(`a socket, from outside: what sluice puts there, and nothing else (${transport}, ${backpressure})`, async (t) => {
    async function extras (implementation) {
      let of
      const listener = async (req, res) => {
        const { socket } = res
        res.write('one')
        await turns(2)
        res.write(Buffer.from('two'))
        of = [names(socket), names(socket._handle), attempt(() => JSON.stringify(socket)).slice(0, 60), String(socket)]
        res.end()
      }
      const { address, close } = await startServer(implementation, { transport, options: { backpressure }, listener })
      const client = await RawClient.connect(address)
      client.send(request())
      await client.closed
      await until(() => of !== undefined)
      await close()
      return of
    }
    const [socket, handle, ...rest] = await extras(stock)
    const [ourSocket, ourHandle, ...ourRest] = await extras(subject)
    const more = (ours, theirs) => ours.filter((name) => !theirs.includes(name))
    t.deepEqual(ourRest, rest)
    t.deepEqual([more(socket, ourSocket), more(handle, ourHandle)], [[], []])
    const isOurs = backpressure === 'kernel' && !selfCheck
    const ofSluice = transport === 'tls' ? ['_write', '_writev'] : ['_write', '_writev', '_final', 'uncork', 'removeListener']
    t.deepEqual(more(ourSocket, socket).filter((name) => !name.startsWith('Symbol(sluice.')), isOurs ? ofSluice : [])
    t.deepEqual(more(ourHandle, handle), isOurs && transport === 'tcp' ? ['close', 'reset', 'bytesWritten'] : [])
  })
}
