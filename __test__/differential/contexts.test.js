'use strict'

// The asynchronous context of callbacks and events where writes wait: behind a peer that does not
// read, behind another response of a pipeline, for a cork, for an error. contexts.test.js, one
// folder up, has what is written and answered in one tick.

const test = require('ava')
const { AsyncLocalStorage } = require('node:async_hooks')
const { Readable, pipeline: pipe } = require('node:stream')
const { stock, subject } = require('../support/subject')
const { startServer } = require('../support/servers')
const { RawClient } = require('../support/raw-client')
const { request, pipeline } = require('../support/requests')
const { turns, until } = require('../support/event-loop')

/** More than the kernel takes from a writer while nobody reads. */
const BIG = Buffer.alloc(6 << 20, 'x')
const storage = new AsyncLocalStorage()
/** A call in a context of its own. */
const within = (name, action) => storage.run(name, action)

/** One server and its clients; notes where everything ran, by request. */
class Stage {
  logs = {}
  responses = {}
  #handlers
  #open = new Set()
  #clients = []
  #address

  static async run (implementation, { transport, backpressure }, { handlers, play }) {
    const stage = new Stage()
    stage.#handlers = handlers
    const options = { transport, options: { backpressure }, listener: (req, res) => stage.#serve(req, res) }
    const { address, close } = await startServer(implementation, options)
    stage.#address = address
    try {
      await play(stage)
      await until(() => stage.#open.size === 0)
      await turns(3)
    } finally {
      for (const client of stage.#clients) if (!client.isClosed) client.destroy()
      await close()
    }
    return stage.logs
  }

  #serve (req, res) {
    const { url, socket } = req
    const log = this.logs[url] = []
    this.responses[url] = res
    const note = (what) => log.push(`${what} in ${storage.getStore()}`)
    const callback = (name) => (error) => note(`callback ${name} ${error ? error.code ?? error.message : ''}`)
    if (!this.#open.has(socket)) {
      this.#open.add(socket)
      socket.on('close', () => this.#open.delete(socket))
    }
    within(url, () => {
      for (const event of ['drain', 'prefinish', 'finish', 'close', 'error']) res.on(event, () => note(event))
      for (const event of ['drain', 'error', 'close']) socket.on(event, () => note(`socket ${event}`))
      this.#handlers[url](res, { note, callback, socket, responses: this.responses })
    })
  }

  /** A client whose first request has been taken. */
  async send (bytes, options) {
    const client = await RawClient.connect(this.#address, options)
    this.#clients.push(client)
    await this.sendMore(client, bytes)
    return client
  }

  async sendMore (client, bytes) {
    client.send(bytes)
    const [, url] = bytes.split(' ')
    await until(() => this.responses[url])
  }

  /** What the clients of a scene do when one of them reads only after all is said. */
  async readLate (path, { others = [] } = {}) {
    const client = await this.send(request('GET', path), { paused: true })
    for (const other of others) await (await this.send(request('GET', other))).closed
    await until(() => this.responses[path].finished)
    await turns(3)
    client.resume()
    await client.closed
  }
}

/**
 * @typedef {object} Scene
 * @property {Record<string, Function>} handlers by path
 * @property {(stage: Stage) => Promise<unknown>} play
 * @property {boolean} [torn] the connection breaks
 * @property {RegExp} [raced] what is left to chance
 * @property {false} [drains] in `kernel` mode the answers are others than Node's, and so are the drains
 * @property {false} [ordered] a callback runs in `kernel` mode when its own bytes are with the kernel: with
 *   Node when those of the whole system call are
 */

/** @type {Record<string, Scene>} */
const scenes = {
  'a drain after the turns of other connections': {
    handlers: {
      '/slow' (res, { note, callback }) {
        note(`write ${res.write(BIG, callback('big'))}`)
        res.once('drain', () => res.end('z', callback('end')))
      },
      async '/fast' (res, { callback }) {
        res.write('a', callback('a'))
        await turns(1)
        res.write('b', callback('b'))
        res.end(callback('end'))
      }
    },
    async play (stage) {
      const client = await stage.send(request('GET', '/slow'), { paused: true })
      for (let n = 0; n < 3; n++) await (await stage.send(request('GET', '/fast'))).closed
      client.resume()
      await client.closed
    }
  },

  'writes in several contexts behind one that waits': {
    handlers: {
      async '/' (res, { callback }) {
        within('A', () => res.write(BIG, callback('A')))
        within('B', () => res.write('b', callback('B')))
        await turns(2)
        within('C', () => res.write(BIG, callback('C')))
        within('D', () => res.end('d', callback('D')))
      }
    },
    play: (stage) => stage.readLate('/')
  },

  'a write that waits is not the first of its tick': {
    ordered: false,
    handlers: {
      async '/' (res, { callback }) {
        within('A', () => res.write('small', callback('A')))
        within('B', () => res.write(BIG, callback('B')))
        await turns(2)
        within('C', () => res.end('end', callback('C')))
      }
    },
    play: (stage) => stage.readLate('/')
  },

  'the end comes in the tick of the write that waits': {
    handlers: {
      '/' (res, { callback }) {
        within('A', () => res.write(BIG, callback('A')))
        within('B', () => res.end('end', callback('B')))
      }
    },
    play: (stage) => stage.readLate('/')
  },

  'large writes that the kernel takes, in one tick': {
    handlers: {
      async '/' (res, { callback }) {
        for (const name of ['A', 'B', 'C']) within(name, () => res.write(BIG.subarray(0, 40_000), callback(name)))
        await turns(2)
        within('D', () => res.end(callback('end')))
      }
    },
    // In 'kernel' mode there are none: nothing has waited.
    drains: false,
    play: (stage) => stage.readLate('/')
  },

  'one end that waits': {
    handlers: { '/' (res, { callback }) { res.end(BIG, callback('end')) } },
    play: (stage) => stage.readLate('/')
  },

  'socket.write among the writes': {
    ordered: false,
    handlers: {
      async '/' (res, { callback, socket }) {
        res.setHeader('Content-Length', 2 * BIG.length + 4)
        within('A', () => res.write(BIG, callback('A')))
        within('B', () => socket.write('b', callback('B')))
        await turns(2)
        within('C', () => res.write(BIG, callback('C')))
        within('D', () => socket.write('ddd', callback('D')))
        within('E', () => res.end(callback('E')))
      }
    },
    play: (stage) => stage.readLate('/')
  },

  'each drain writes again, in a context of its own': {
    handlers: {
      '/' (res, { note, callback }) {
        let round = 0
        within('A', () => note(`write ${res.write(BIG, callback('A'))}`))
        res.on('drain', () => within(`round ${++round}`, () => {
          if (round === 3) res.end('end', callback('end'))
          else note(`write ${res.write(BIG, callback(`of round ${round}`))}`)
        }))
      }
    },
    async play (stage) {
      const client = await stage.send(request('GET', '/'))
      await client.closed
    }
  },

  'stream.pipeline and pipe': {
    handlers: {
      '/pipeline' (res, { callback }) { pipe(Readable.from([BIG, BIG]), res, callback('pipeline')) },
      '/pipe' (res) { Readable.from([BIG, BIG]).pipe(res) }
    },
    async play (stage) {
      for (const path of ['/pipeline', '/pipe']) await (await stage.send(request('GET', path))).closed
    }
  },

  'corked messages and sockets': {
    handlers: {
      async '/message' (res, { callback }) {
        res.cork()
        within('A', () => res.write('a', callback('A')))
        within('B', () => res.write('b', callback('B')))
        await turns(2)
        within('C', () => res.uncork())
        await turns(2)
        within('D', () => res.end('d', callback('D')))
      },
      async '/socket' (res, { callback, socket }) {
        socket.cork()
        within('A', () => res.write('a', callback('A')))
        within('B', () => res.write('b', callback('B')))
        await turns(2)
        within('C', () => socket.uncork())
        await turns(2)
        within('D', () => res.end('d', callback('D')))
      }
    },
    async play (stage) {
      for (const path of ['/message', '/socket']) await (await stage.send(request('GET', path))).closed
    }
  },

  'pipelined: small responses that wait for their turn': {
    handlers: {
      async '/0' (res, { callback, responses }) {
        res.write('a', callback('a'))
        await until(() => responses['/2']?.finished)
        res.end('b', callback('end'))
      },
      async '/1' (res, { callback }) {
        res.write('a', callback('a'))
        await turns(3)
        within('end', () => res.end('b', callback('end')))
      },
      '/2' (res, { callback }) {
        res.write('a', callback('a'))
        res.end('b', callback('end'))
      }
    },
    // In 'kernel' mode what waits in user memory has been answered with false.
    drains: false,
    play: async (stage) => (await stage.send(pipeline(3))).closed
  },

  'pipelined: a large response that waits for its turn': {
    ordered: false,
    // Node up to 22 tells of it as soon as the turn comes.
    drains: false,
    handlers: {
      async '/0' (res, { callback, responses }) {
        res.write('a', callback('a'))
        await until(() => responses['/1'])
        await turns(3)
        res.end('b', callback('end'))
      },
      '/1' (res, { note, callback }) {
        note(`write ${res.write(BIG, callback('big'))}`)
        res.once('socket', () => setImmediate(within, 'after drain', () => res.end('b', callback('end'))))
      }
    },
    play: async (stage) => (await stage.send(pipeline(2))).closed
  },

  'responses of one connection, one after the other': {
    handlers: {
      '/1' (res, { callback }) {
        res.write(BIG, callback('big'))
        within('end', () => res.end('first', callback('end')))
      },
      '/2' (res, { callback }) {
        res.write('a', callback('a'))
        within('end', () => res.end('second', callback('end')))
      },
      async '/3' (res, { callback }) {
        res.write(BIG, callback('big'))
        await turns(2)
        within('end', () => res.end('third', callback('end')))
      }
    },
    async play (stage) {
      const client = await stage.send(request('GET', '/1', { close: false }))
      const whole = (last) => client.until(() => client.bytes.subarray(-20).toString().endsWith(`${last}\r\n0\r\n\r\n`))
      await whole('first')
      await stage.sendMore(client, request('GET', '/2', { close: false }))
      await whole('second')
      client.pause()
      await stage.sendMore(client, request('GET', '/3'))
      await until(() => stage.responses['/3'].finished)
      client.resume()
      await client.closed
    }
  },

  'written and ended after the end': {
    handlers: {
      '/' (res, { callback }) {
        res.end('a', callback('end'))
        within('late', () => {
          res.write('b', callback('late write'))
          res.end('c', callback('late end'))
        })
      }
    },
    play: async (stage) => (await stage.send(request('GET', '/'))).closed
  },

  'destroyed in the tick of a write': {
    torn: true,
    handlers: {
      '/' (res, { callback }) {
        res.write('a', callback('a'))
        within('destroyer', () => res.destroy(new Error('own')))
        res.write('b', callback('b'))
      }
    },
    play: async (stage) => (await stage.send(request('GET', '/'))).closed
  },

  'destroyed while writes wait': {
    torn: true,
    handlers: {
      async '/message' (res, { callback }) {
        within('A', () => res.write(BIG, callback('A')))
        await turns(2)
        within('B', () => res.write('b', callback('B')))
        // Node 26 still holds what is written in the tick itself.
        await turns(1)
        within('destroyer', () => res.destroy(new Error('own')))
        within('C', () => res.write('c', callback('C')))
      },
      async '/socket' (res, { callback, socket }) {
        within('A', () => res.write(BIG, callback('A')))
        await turns(2)
        within('destroyer', () => socket.destroy(new Error('own')))
        within('B', () => res.write('b', callback('B')))
      }
    },
    async play (stage) {
      for (const path of ['/message', '/socket']) {
        const client = await stage.send(request('GET', path), { paused: true })
        await until(() => stage.logs[path].some((line) => line.startsWith('socket close')))
        client.resume()
        await client.closed
      }
    }
  },

  'the client resets while writes wait': {
    torn: true,
    // Of the socket's error: who hears of the reset first, Node's read or our write, is a race.
    raced: /^socket error/,
    handlers: {
      '/' (res, { callback }) {
        res.write(BIG, callback('big'))
        within('B', () => res.write('b', callback('B')))
      }
    },
    async play (stage) {
      const client = await stage.send(request('GET', '/'), { paused: true })
      await turns(5)
      client.reset()
      await client.closed
    }
  }
}

/** As it is compared in `kernel` mode. */
function comparable (logs, reference, { drains = true, ordered = true, torn = false, raced }) {
  const compared = {}
  for (const [path, log] of Object.entries(logs)) {
    const kept = log.filter((line) => !raced?.test(line) && (drains || !/^(?:socket )?drain/.test(line)))
    const lines = torn ? withoutOutcome(kept, reference[path]) : kept
    compared[path] = ordered ? lines : lines.sort()
  }
  return compared
}

/** A callback of a torn connection gets an error: Node up to 24 forgets some, and up to 20 tells of success. */
function withoutOutcome (log, reference) {
  const nameOf = (line) => line.split(' ', 2).join(' ')
  const known = new Set(reference.map(nameOf))
  return log
    .filter((line) => !line.startsWith('callback') || known.has(nameOf(line)))
    .map((line) => line.replace(/^(callback \w+) .*(?= in )/, '$1'))
}

const VARIANTS = [['tcp', 'kernel'], ['tcp', 'high-water-mark'], ['tls', 'kernel']]

for (const [transport, backpressure] of VARIANTS) {
  for (const [title, scene] of Object.entries(scenes)) {
    test.serial(`${title} (${transport}, ${backpressure})`, async (t) => {
      t.timeout(30_000)
      const expected = await Stage.run(stock, { transport, backpressure }, scene)
      const actual = await Stage.run(subject, { transport, backpressure }, scene)
      if (backpressure === 'high-water-mark') t.deepEqual(actual, expected)
      else t.deepEqual(comparable(actual, expected, scene), comparable(expected, expected, scene))
    })
  }
}
