'use strict'

const { RawClient } = require('./raw-client')
const { Recorder } = require('./recorder')
const { startServer } = require('./servers')
const { turn, turns, tick, until, deferred } = require('./event-loop')

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const BEFORE = 'GET /before HTTP/1.1\r\nHost: a\r\n\r\n'

/** Has its socket taken over, which a small whole response doesn't. @returns {Promise<number>} its bytes */
async function goBefore (server, client) {
  const isOver = deferred()
  server.once('request', (req, res) => {
    res.on('close', () => isOver.resolve())
    res.write('before')
    res.end()
  })
  client.send(BEFORE)
  await Promise.all([isOver.promise, client.until(({ text }) => text.endsWith('0\r\n\r\n'))])
  return client.length
}

/**
 * @typedef {object} Exchange what a script is given for each request
 * @property {import('http').IncomingMessage} req
 * @property {import('http').ServerResponse} res
 * @property {import('http').ServerResponse} m `res`, with every call recorded
 * @property {(label: string | number) => Function} cb a recorded callback
 * @property {(label: string) => void} snapshot
 * @property {number} index of the request, over all connections
 * @property {import('net').Socket} socket
 * @property {Exchange[]} exchanges all of this run
 */

/**
 * @typedef {object} Scenario
 * @property {string | Buffer} [request] bytes to send; default: one GET with `Connection: close`
 * @property {string[]} [methods] of the requests; default: read from `request`
 * @property {(exchange: Exchange) => unknown} script answers each request
 * @property {(client: RawClient, run: object) => Promise<unknown>} [client]
 *   default: sends `request` and waits for the end of the connection
 * @property {(server: import('http').Server, run: object) => void} [setup]
 * @property {object} [serverOptions]
 */

function methodsOf (request) {
  const text = request.toString('latin1')
  // A request may stand right behind the body of the one before.
  return [...text.matchAll(/([A-Z]+) \S+ HTTP\/1\.[01]\r\n/g)].map(([, method]) => method)
}

/**
 * Runs a scenario against one implementation and writes down everything.
 * @param {object} subject
 * @param {Scenario} scenario
 * @param {{ transport?: import('./servers').Transport, backpressure?: string, isBehind?: boolean }} [variant]
 *   `isBehind`: another response, in pieces, was the first on the connection, and has finished
 */
async function observe (subject, scenario, { transport = 'tcp', backpressure = 'kernel', isBehind = false } = {}) {
  const request = scenario.request ?? GET
  const methods = scenario.methods ?? methodsOf(request)
  const exchanges = []
  const idle = deferred()
  let answered = 0
  let settled = 0
  const scripts = []
  /** The peer's port of each socket. */
  const open = new Map()
  const serverEvents = []

  function serve (req, res) {
    const recorder = new Recorder(res)
    const exchange = {
      req,
      res,
      m: recorder.m,
      cb: recorder.cb,
      snapshot: (label) => recorder.snapshot(label),
      call: (label, action) => recorder.call(label, action),
      note: (name, args) => recorder.note(name, args),
      index: exchanges.length,
      socket: req.socket,
      exchanges,
      recorder,
      turn,
      turns,
      tick,
      until
    }
    exchanges.push(exchange)
    res.on('close', () => {
      if (++answered === methods.length) idle.resolve()
    })
    scripts.push(answer(exchange))
  }

  async function answer (exchange) {
    try {
      await scenario.script(exchange)
    } catch (error) {
      exchange.note('script failed', [error])
      exchange.socket.destroy()
    }
    if (scenario.client || ++settled < methods.length) return
    // A script whose last call threw leaves its client waiting.
    await turns(2)
    const left = exchanges.filter(({ res }) => !res.finished)
    for (const { note } of left) note('left unfinished')
    for (const { socket } of left) socket.destroy()
  }

  const options = { backpressure, ...scenario.serverOptions }
  const { server, address, close } = await startServer(subject, { transport, options })
  const run = { server, exchanges, serverEvents, serve, request, address, turn, turns, tick, until }
  server.on(transport === 'tls' ? 'secureConnection' : 'connection', (socket) => {
    open.set(socket, socket.remotePort)
    socket.on('close', () => open.delete(socket))
  })
  let client
  let before = 0
  try {
    if (isBehind) {
      client = await RawClient.connect(address, scenario.clientOptions)
      before = await goBefore(server, client)
    }
    server.on('request', serve)
    scenario.setup?.(server, run)
    client ??= await RawClient.connect(address, scenario.clientOptions)
    if (scenario.client) {
      await scenario.client(client, run)
    } else {
      const { localPort } = client
      client.send(request)
      await Promise.race([client.closed, idle.promise])
      // Node decides to close a connection before the message's `close`.
      await turns(3)
      // Another test may connect to what was its server's port before.
      const own = [...open.keys()].filter((socket) => [undefined, localPort].includes(open.get(socket)))
      run.keptOpen = own.length > 0 && own.every((socket) => !socket.destroyed && !socket.writableEnded)
      if (run.keptOpen) client.halfClose()
      await client.closed
    }
    await Promise.all(scripts)
    // Nothing more can happen to a message when its connection is gone and the
    // queues behind its last events have run.
    await until(() => open.size === 0)
    await turns(3)
    for (const { recorder } of exchanges) recorder.snapshot('at the end')
  } finally {
    if (client?.isClosed === false) client.destroy()
    await close()
  }

  return {
    bytes: client.bytes.subarray(before),
    methods,
    keptOpen: run.keptOpen,
    clientError: client.error?.code,
    serverEvents,
    exchanges: exchanges.map(({ recorder }) => ({
      log: recorder.log,
      returns: recorder.returns,
      snapshots: recorder.snapshots
    }))
  }
}

module.exports = { observe, GET }
