'use strict'

// The loads: each gives one figure of one server. All run on core 1.

const { once } = require('node:events')
const { program } = require('./prepare')
const { spawnPinned, cpuSeconds, residentMib } = require('./subjects')
const { EVENTS } = require('./apps')

/** The output of a load program. */
async function output (command) {
  const child = spawnPinned(1, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part) => { text += part })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command[0]}: exit code ${code}`)
  return text
}

/** A body of which a window sees few is counted by its bytes. */
const LARGE = 1 << 20

/** Requests in a closed loop, read by our own client. */
async function closedLoop ({ port }, { connections = 50, depth = 1, close = 0 }, length, { seconds = 0, limit = 0 }) {
  const result = JSON.parse(await output([program('load'), String(port), '/', String(length), String(connections),
    String(depth), String(Math.round(seconds * 1000)), String(limit), String(close)]))
  if (result.wrong > 0) throw new Error(`${result.wrong} wrong responses`)
  if (result.bytes === 0 && length > 0) throw new Error('no response was complete in time: take a longer window (--seconds)')
  return length < LARGE ? result : { ...result, responses: result.bytes / length }
}

/**
 * Microseconds of the server's CPU for each response: steadier than throughput, because what else
 * the machine does takes time and no CPU of the server's.
 */
async function withCpu ({ pid }, { name }, measureLoad) {
  const before = cpuSeconds(pid)
  const { responses, seconds } = await measureLoad()
  return { [name]: responses / seconds, cpu: (cpuSeconds(pid) - before) / responses * 1e6 }
}

/** The load, until the server's code is compiled. */
async function warmUp (server, scenario, length, seconds) {
  if (scenario.load === 'events') await closedLoop(server, { connections: 1 }, length, { limit: 1 })
  else if (scenario.tls) await runWrk(server, scenario, Math.max(1, Math.round(seconds)))
  else await closedLoop(server, scenario, length, { seconds })
}

async function closed (server, scenario, length, { seconds }) {
  return withCpu(server, scenario, () => closedLoop(server, scenario, length, { seconds }))
}

/** wrk counts whole seconds: a shorter window is our own client's. */
async function wrk (server, scenario, length, { seconds }) {
  return withCpu(server, scenario, () => scenario.tls || seconds >= 1
    ? runWrk(server, scenario, Math.max(1, Math.round(seconds)))
    : closedLoop(server, scenario, length, { seconds }))
}

async function runWrk ({ port }, { connections = 50, tls }, seconds) {
  const text = await output(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, `${tls ? 'https' : 'http'}://127.0.0.1:${port}/`])
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(/.*(Non-2xx|Socket errors).*/.exec(text)[0].trim())
  const responses = Number(/(\d+) requests in/.exec(text)[1])
  return { responses, seconds: responses / Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]) }
}

/** CPU per write of one client that reads events. */
async function events (server, scenario, length) {
  const before = cpuSeconds(server.pid)
  const { responses } = await closedLoop(server, { connections: 1 }, length, { limit: 2 })
  return { [scenario.name]: (cpuSeconds(server.pid) - before) / responses / EVENTS * 1e6 }
}

/** Memory of stalled clients, and the CPU to finish them. */
async function stall (server, scenario, length, { clients }) {
  const child = spawnPinned(1, [program('stall'), String(server.port), '/', String(length), String(clients)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  if (String(first[0]).trim() !== 'stalled') throw new Error('the clients do not stall')
  const memory = residentMib(server.pid)
  const cpu = cpuSeconds(server.pid)
  const answer = once(child.stdout, 'data')
  child.stdin.end('\n')
  const result = JSON.parse((await Promise.race([answer, once(child, 'exit').then(() => ['{}'])]))[0])
  if (result.whole !== clients) throw new Error(`${result.whole} of ${clients} stalled clients got their response`)
  return { 'stalled-memory': memory, 'stalled-cpu': cpuSeconds(server.pid) - cpu }
}

/** Milliseconds that `require('sluice')` takes in a fresh process, `node:http` loaded before. */
async function startupTime () {
  const script = "require('node:http'); const t = process.hrtime.bigint(); require('../index.js'); console.log(Number(process.hrtime.bigint() - t) / 1e6)"
  const child = spawnPinned(0, [process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], cwd: __dirname })
  const [text] = await once(child.stdout.setEncoding('utf8'), 'data')
  return { startup: Number(text) }
}

module.exports = { loads: { closed, wrk, events, stall }, warmUp, startupTime, output }
