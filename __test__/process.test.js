'use strict'

// What takes a process of its own: an end with bytes queued, limits, what a program changes for all, memory and
// what V8 makes of it.

const test = require('ava')
const path = require('node:path')
const { spawn } = require('node:child_process')
const { once } = require('node:events')

const fixture = path.join(__dirname, 'fixtures', 'process.js')

/** Runs a scene. @returns {Promise<{ code: number, signal: string, out: string }>} */
async function run (scene, flags = [], before = []) {
  const [command, ...rest] = [...before, process.execPath, ...flags, fixture, scene]
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text })
  const [code, signal] = await once(child, 'close')
  return { code, signal, out: out.trim() }
}

test('an idle server lets the process exit after close()', async (t) => {
  t.deepEqual(await run('idle'), { code: 0, signal: null, out: 'closed' })
})

test('a process with bytes queued stays until they are sent', async (t) => {
  t.deepEqual(await run('queued'), { code: 0, signal: null, out: String(8 * 1024 * 1024) })
})

test('a process that is killed a turn after a write that was answered true has lost nothing of it', async (t) => {
  t.deepEqual(await run('truth'), { code: 0, signal: null, out: 'true\ntrue' })
})

test('a process without descriptors left for the readiness thread loses nothing', async (t) => {
  const limited = ['sh', '-c', 'ulimit -n 64; exec "$0" "$@"']
  t.deepEqual(await run('exhausted', [], limited), {
    code: 0, signal: null, out: 'EMFILE\ntrue\ntrue\ntrue\nended, ended, ended, false, false, false, written, written, written'
  })
})

test('whatever a stack is, an error is one', async (t) => {
  const lines = ['ERR_UNKNOWN_ENCODING', 'a ERR_STREAM_DESTROYED', 'b ERR_STREAM_DESTROYED']
  t.deepEqual(await run('stacks'), { code: 0, signal: null, out: [...lines, ...lines].join('\n') })
})

test('whatever is on Object.prototype', async (t) => {
  t.deepEqual(await run('polluted'), { code: 0, signal: null, out: '10001\n10001' })
})

test('a pipe that is no socket is written by Node', async (t) => {
  t.deepEqual(await run('fifo'), { code: 0, signal: null, out: 'b\r\nby a FIFO, \r\n12\r\nwhich is no socket\r\n0' })
})

test('process.exit with bytes queued does not hang or crash', async (t) => {
  t.deepEqual(await run('exit'), { code: 7, signal: null, out: '' })
})

test('a worker terminated with bytes queued does not crash', async (t) => {
  t.deepEqual(await run('worker'), { code: 0, signal: null, out: 'terminated' })
})

test('a listener that throws in drain is an uncaught exception', async (t) => {
  t.deepEqual(await run('throws'), { code: 0, signal: null, out: 'thrown in drain' })
})

test('callbacks that throw keep none of the others from running', async (t) => {
  const { code, out } = await run('callbacks')
  t.is(code, 0)
  t.is(out, 'a, a threw, b, end, big, big threw, after, after threw, last ERR_STREAM_DESTROYED')
})

test('cluster workers that end with bytes queued', async (t) => {
  const { code, out } = await run('cluster')
  t.is(code, 0)
  t.is(out, 'kill null SIGKILL true\ndisconnect 0 null true\nexit 3 null true')
})

test('environments side by side, again and again', async (t) => {
  const { code, out } = await run('environments')
  t.is(code, 0)
  t.is(out, Array(3).fill('sent 0, sent 0, sent 0, sent 0').join('\n'))
})

test('no emitter is made but the socket, the request and the response', async (t) => {
  t.is((await run('emitters')).out, 'IncomingMessage, ServerResponse, Socket')
})

// Code that V8 has compiled for it is thrown away else, with Node's own.
test('the hidden class of sockets stays what it is when one closes', async (t) => {
  t.is((await run('classes', ['--allow-natives-syntax'])).out, 'true')
})

// Express gives them one: each of their names is looked up anew else, in V8 up to 12.
test('messages that are given a prototype share their hidden class', async (t) => {
  t.is((await run('prototypes', ['--allow-natives-syntax'])).out, 'true true')
})

test('thousands of connections leave neither memory nor descriptors behind', async (t) => {
  const { code, out } = await run('connections', ['--expose-gc'])
  t.is(code, 0)
  const { grown, descriptors } = JSON.parse(out)
  // MiB in the best of up to twelve rounds of 2,500 connections of ten responses; a leak of 1 KiB a connection would be
  // 2.4 in each. In the first ones V8's own heap grows (Node 24: 100 MiB, with stock Node, too).
  t.true(grown < 2, `RSS grew by ${grown} MiB`)
  t.is(descriptors, 0)
})

test('the AsyncLocalStorage of the first response that waits is not kept', async (t) => {
  t.is((await run('stores', ['--expose-gc'])).out, 'true,true,true true,true,true')
})
