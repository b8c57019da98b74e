'use strict'

const finished = require('node:diagnostics_channel').channel('http.server.response.finish')
const { Recorder } = require('../support/recorder')
const { RawClient } = require('../support/raw-client')
const { startServer } = require('../support/servers')
const { WARM, warmUp } = require('../support/warm')
const { turn, turns, tick, deferred } = require('../support/event-loop')
const { realise, lengthOf, bodyLength } = require('./programs')

const WAITS = { microtask: () => Promise.resolve(), tick, turn }

function requestOf ({ method, version, connection }, n) {
  const lines = [`${method} /${n} HTTP/${version}`, 'Host: a']
  if (connection !== null) lines.push(`Connection: ${connection}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Runs one program on one message. Node mutates arrays that it is given: each run has its own. */
async function interpret (program, { m, cb }, socket, recorder) {
  let n = 0
  const callbacks = (wanted, chunk) => wanted ? [cb(chunk && lengthOf(chunk) === 0 ? `of nothing ${n}` : n)] : []
  for (const step of program.steps) {
    n++
    switch (step.op) {
      case 'write': m.write(...realise(step.chunk), ...callbacks(step.callback, step.chunk)); break
      case 'setHeader': m.setHeader(step.name, structuredClone(step.value)); break
      case 'length': m.setHeader('Content-Length', step.exact ? bodyLength(program) : 7); break
      case 'removeHeader': m.removeHeader(step.name); break
      case 'writeHead':
        if (step.reason === null) m.writeHead(step.status, structuredClone(step.fields) ?? undefined)
        else m.writeHead(step.status, step.reason, structuredClone(step.fields) ?? undefined)
        break
      case 'statusCode': m.statusCode = step.status; break
      case 'flushHeaders': m.flushHeaders(); break
      case 'addTrailers': m.addTrailers(step.fields); break
      case 'cork': m.cork(); break
      case 'uncork': m.uncork(); break
      case 'socketWrite':
        recorder.call('socket.write', () => socket.write(step.text, ...(step.callback ? [cb(`of socket.write ${n}`)] : [])))
        break
      case 'end': m.end(...(step.chunk === null ? [] : realise(step.chunk)), ...callbacks(step.callback)); break
      case 'wait': await WAITS[step.kind](); break
    }
  }
  recorder.snapshot('before the last end')
  n = 'last'
  const { chunk, callback } = program.last
  m.end(...(chunk === null ? [] : realise(chunk)), ...callbacks(callback))
  recorder.snapshot('after the last end')
}

/** A server that runs programs; it lives as long as the test. */
class ProgramServer {
  #server
  #batch = null
  /** By response, where nobody may listen to it. */
  #onFinish = new WeakMap()
  #hear = ({ response }) => { this.#onFinish.get(response)?.() }

  static async start (subject, backpressure, transport) {
    const it = new ProgramServer()
    it.#server = await startServer(subject, {
      transport,
      options: { backpressure },
      listener: (req, res) => req.url === WARM ? res.end(WARM) : it.#serve(req, res)
    })
    finished.subscribe(it.#hear)
    return it
  }

  close () {
    finished.unsubscribe(this.#hear)
    return this.#server.close()
  }

  #serve (req, res) {
    const { programs, recorders, done, scripts, isQuiet } = this.#batch
    const n = Number(req.url.slice(1))
    const recorder = new Recorder(res, { hearsEnd: !isQuiet })
    recorders[n] = recorder
    const { socket } = req
    // A batch is more messages on one socket than Node thinks reasonable.
    socket.setMaxListeners(0)
    const finish = () => {
      socket.removeListener('close', finish)
      done[n].resolve(socket)
    }
    if (isQuiet) this.#onFinish.set(res, finish)
    else res.once('close', finish)
    socket.once('close', finish)
    scripts.push(interpret(programs[n], recorder, socket, recorder).catch((error) => {
      recorder.note('program failed', [error])
      socket.destroy()
    }).then(async () => {
      if (res.finished) return
      // What a destroy tears away is a matter of timing: let all be sent before.
      await turns(2)
      // Its last end threw.
      recorder.note('left unfinished')
      socket.destroy()
    }))
  }

  /**
   * Runs a batch; returns everything that can be compared.
   * @param {{ programs: object[], arrival: string, isQuiet?: boolean }} batch `isQuiet`: nobody listens to
   *   the end of the responses, and their connection has had pipelines before
   */
  async run ({ programs, arrival, isQuiet = false }) {
    const recorders = programs.map(() => null)
    const done = programs.map(() => deferred())
    const scripts = []
    this.#batch = { programs, recorders, done, scripts, isQuiet }
    const clients = []
    if (arrival === 'sequential') await this.#oneByOne(programs, done, clients)
    else await this.#allAtOnce(programs, done, clients, isQuiet)
    await Promise.all(scripts)
    await turns(2)
    return {
      connections: clients.map(({ bytes, methods }) => ({ bytes, methods })),
      exchanges: recorders.map((recorder) => {
        if (recorder === null) return null
        recorder.snapshot('at the end')
        const { log, returns, snapshots } = recorder
        return { log, returns, snapshots }
      })
    }
  }

  async #connect (clients) {
    const client = await RawClient.connect(this.#server.address)
    client.methods = []
    clients.push(client)
    return client
  }

  async #oneByOne (programs, done, clients) {
    let client = null
    for (const [n, program] of programs.entries()) {
      client ??= await this.#connect(clients)
      client.methods.push(program.method)
      client.send(requestOf(program, n))
      // A request that Node refuses to parse (its predecessor asked for the end
      // of the connection, but the program kept it) is never served.
      const socket = await Promise.race([done[n].promise, client.closed])
      // The kernel must have taken everything before the next program starts,
      // or its results depend on the reader's speed.
      await this.#settled(client)
      if (client.isClosed || socket.destroyed || socket.writableEnded) {
        await client.closed
        client = null
      }
    }
    client?.halfClose()
    await client?.closed
  }

  async #allAtOnce (programs, done, clients, isWarm) {
    const client = await this.#connect(clients)
    if (isWarm) client.methods.push(...await warmUp(client))
    client.methods.push(...programs.map(({ method }) => method))
    client.send(programs.map(requestOf).join(''))
    await Promise.race([client.closed, Promise.all(done.map(({ promise }) => promise))])
    await this.#settled(client)
    client.halfClose()
    await client.closed
  }

  /** Until nothing more arrives: a TLS socket of Node 22 and later that has ended may lose what is on its way. */
  async #settled (client) {
    for (let before = -1; before !== client.length; await turns(2)) before = client.length
  }
}

module.exports = { ProgramServer, WAITS }
