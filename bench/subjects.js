'use strict'

// What is measured, and how each is started: in a process of its own, on core 0.

const fs = require('node:fs')
const path = require('node:path')
const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const { findApp, EVENT } = require('./apps')
const { program, cache } = require('./prepare')

const SERVER = path.join(__dirname, 'server.js')
const REGISTER = path.join(__dirname, '..', 'register.js')
const architecture = { x64: 'x64', arm64: 'aarch64' }[process.arch]
const BUN = path.join(__dirname, 'node_modules', '@oven', `bun-linux-${architecture}`, 'bin', 'bun')
const DENO = path.join(__dirname, 'node_modules', '@deno', `linux-${process.arch}-glibc`, 'deno')

/** `apps`: those that it can serve, where not all. @type {{ name: string, title: string, file?: string, apps?: string[], command: (app: string, tls: string) => string[] }[]} */
const subjects = [
  { name: 'stock', title: `Node ${process.versions.node}`, command: (...app) => [process.execPath, SERVER, 'http', ...app] },
  { name: 'sluice', title: 'sluice', command: (...app) => [process.execPath, SERVER, 'sluice', ...app] },
  { name: 'register', title: 'sluice/register', file: REGISTER, command: (...app) => [process.execPath, '--require', REGISTER, SERVER, 'http', ...app] },
  { name: 'bun', title: 'Bun', file: BUN, command: (...app) => [BUN, SERVER, 'http', ...app] },
  { name: 'deno', title: 'Deno', file: DENO, command: (...app) => [DENO, 'run', '--quiet', '--no-check', '--node-modules-dir=manual', '-A', SERVER, 'http', ...app] },
  { name: 'least', title: 'the least', file: program('least.node'), apps: ['hello', 'json', 'events', 'express'], command: leastCommand },
  { name: 'limit', title: 'the limit', file: program('limit'), command: (app) => [program('limit'), responseFile(app), String(pieceOf(app))] }
]

/** The bytes of one `send`, framing and all; 0 where it is the whole response. */
function pieceOf (app) {
  return app === 'events' ? EVENT.length + 6 : 0
}

function leastCommand (app) {
  const file = responseFile(app)
  const piece = pieceOf(app)
  const head = fs.readFileSync(file).indexOf('\r\n\r\n') + 4
  return [process.execPath, SERVER, 'least', app, file, String(head + piece), String(piece)]
}

/** The subjects that are there; says in one line which are not. */
function presentSubjects (log = console.error) {
  return subjects.filter((subject) => {
    const isThere = subject.file === undefined || fs.existsSync(subject.file)
    if (!isThere) log(`left out, ${path.basename(subject.file)} is missing: ${subject.title}`)
    return isThere
  })
}

/** A second stock Node in sluice's place: how far the figures can be trusted. */
function selfCheckSubjects () {
  return [subjects[0], { ...subjects[0], name: 'self', title: 'the same again' }]
}

/** Versions of the runtimes, for the report. */
function versions () {
  const first = (...command) => spawnSync(command[0], command.slice(1), { encoding: 'utf8' }).stdout?.split('\n')[0].trim()
  return {
    Node: process.version,
    Bun: fs.existsSync(BUN) ? first(BUN, '--version') : 'missing',
    Deno: fs.existsSync(DENO) ? first(DENO, '--version') : 'missing',
    wrk: /wrk (\S+)/.exec(spawnSync('wrk', ['-v'], { encoding: 'utf8' }).stdout)?.[1],
    cc: first('cc', '--version')
  }
}

/** The whole response that the limit server sends. */
function responseFile (name) {
  const body = findApp(name).body()
  const file = path.join(cache, `response-${name.replaceAll('/', '-')}`)
  const date = new Date().toUTCString()
  const head = `HTTP/1.1 200 OK\r\nDate: ${date}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n`
  if (name !== 'events') {
    fs.writeFileSync(file, Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]))
    return file
  }
  const size = Buffer.from(EVENT.length.toString(16) + '\r\n')
  const parts = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)]
  for (let at = 0; at < body.length; at += EVENT.length) parts.push(size, EVENT, Buffer.from('\r\n'))
  parts.push(Buffer.from('0\r\n\r\n'))
  fs.writeFileSync(file, Buffer.concat(parts))
  return file
}

/** @param {number} core @param {string[]} command */
function spawnPinned (core, command, options) {
  return spawn('taskset', ['-c', String(core), ...command], options)
}

/**
 * Starts a server and waits for its port.
 * @param {typeof subjects[0]} subject
 * @param {{ app: string, tls?: boolean }} scenario
 */
async function startServer (subject, scenario) {
  const child = spawnPinned(0, subject.command(scenario.app, scenario.tls ? 'tls' : 'plain'), {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: __dirname,
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' }
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => { errors += text })
  const exited = once(child, 'exit')
  const port = await Promise.race([
    once(child.stdout, 'data').then(([line]) => JSON.parse(line).port),
    exited.then(() => { throw new Error(`${subject.title} does not serve ${scenario.app}: ${errors.trim().split('\n')[0]}`) })
  ])
  return {
    port,
    pid: child.pid,
    async stop () {
      child.kill('SIGKILL')
      await exited
    }
  }
}

/** CPU time of all of a process's threads, in seconds, user and system. @param {number} pid */
function cpuSeconds (pid) {
  let nanoseconds = 0
  for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
  }
  return nanoseconds / 1e9
}

/** Resident memory in MiB. @param {number} pid */
function residentMib (pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

module.exports = { presentSubjects, selfCheckSubjects, versions, startServer, spawnPinned, cpuSeconds, residentMib }
