'use strict'

// The same requests against the same app, once on stock Node and once with `--require register`.

const path = require('node:path')
const net = require('node:net')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const { createHash } = require('node:crypto')
const { parseResponses, ParseError } = require('../support/response-parser')
const { wireText, abbreviate } = require('../support/normalise')

const register = path.join(__dirname, '..', '..', 'register.js')

// Of the time of day, or of chance.
const MASKED = /^(date|set-cookie|x-response-time|x-request-id)$/i

async function launch (app, execArgv) {
  const child = fork(path.join(__dirname, 'child.js'), [app], {
    execArgv,
    env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1', NODE_ENV: 'test' },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc']
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text) => { err += text })
  const failed = once(child, 'exit').then(([code]) => { throw new Error(`${app} ended with ${code}: ${err}`) })
  failed.catch(() => {})
  const receive = async () => (await Promise.race([once(child, 'message'), failed]))[0]
  const { port } = await receive()
  return {
    port,
    async report () {
      const answer = receive()
      child.send('report')
      return answer
    },
    /** @returns {Promise<string>} what it has said on stderr */
    async close () {
      const ended = once(child, 'close')
      child.kill('SIGKILL')
      await ended
      return err
    }
  }
}

/** Sends the bytes on one connection and reads until the server closes it. */
async function converse (port, bytes) {
  const socket = net.connect({ port, host: '127.0.0.1' })
  const pieces = []
  socket.on('data', (piece) => pieces.push(piece))
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(pieces)
}

const digest = (body) => ({
  length: body.length,
  hash: createHash('sha256').update(body).digest('hex'),
  text: body.length < 200 ? body.toString('latin1') : undefined
})

function meaningOf ({ status, reason, fields, framing, body, trailers }) {
  return {
    status,
    reason,
    fields: fields.map(([name, value]) => [name, MASKED.test(name) ? '<masked>' : value]),
    framing,
    ...digest(body),
    trailers
  }
}

/** What the bytes of one connection say; those that are cut short stay bytes. */
function meaning (bytes, methods) {
  try {
    return parseResponses(bytes, methods).map(meaningOf)
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    return abbreviate(wireText(bytes)).replace(/^(Set-Cookie: ).*/gim, '$1<masked>')
  }
}

/**
 * @typedef {object} Request
 * @property {string} [method]
 * @property {string} [path]
 * @property {string[]} [fields] `{etag}` in one is the last ETag of the connection before
 * @property {string} [body]
 */

/**
 * @param {Request[]} requests on one connection; pipelined
 * @param {string} [etag]
 */
function bytesOf (requests, etag) {
  return requests.map(({ method = 'GET', path = '/', fields = [], body = '' }, index) => [
    `${method} ${path} HTTP/1.1`, 'Host: a', ...fields.map((field) => field.replace('{etag}', etag)),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...(index === requests.length - 1 ? ['Connection: close'] : []), '', body
  ].join('\r\n')).join('')
}

async function observe (app, connections, execArgv, talk) {
  const running = await launch(app, execArgv)
  const seen = { conversations: [] }
  try {
    let etag
    for (const requests of connections) {
      const bytes = await converse(running.port, bytesOf(requests, etag))
      etag = /^ETag: (.*)\r$/im.exec(bytes.toString('latin1'))?.[1]
      seen.conversations.push(meaning(bytes, requests.map(({ method = 'GET' }) => method)))
    }
    seen.said = await talk?.(running.port)
    Object.assign(seen, await running.report())
  } finally {
    seen.err = await running.close()
  }
  return seen
}

/**
 * Compares one app and asserts that sluice really wrote.
 * @param {string} app
 * @param {object} options
 * @param {Request[][]} [options.connections]
 * @param {(port: number) => Promise<unknown>} [options.talk] what raw requests can't say
 * @param {string[] | null} [options.native] paths that are answered on a socket of ours; null where all
 *   responses are small and the first of their socket: those are left to Node
 * @param {boolean} [options.requests] the app's own requests are too
 * @param {boolean} [options.unordered] the log's lines come from connections that overlap
 * @param {string[]} [options.preloads] in the order of `--require`; stock Node is run without `register`
 * @param {boolean} [options.refused] `register` leaves Node as it is, and says so
 * @returns {Promise<object>} what the app did under sluice
 */
async function compare (t, app, options) {
  const { connections = [], talk, native = [], requests = false, unordered = false, preloads = [register], refused = false } = options
  const [expected, actual] = await Promise.all([preloads.filter((file) => file !== register), preloads]
    .map((files) => observe(app, connections, files.flatMap((file) => ['--require', file]), talk)))
  t.deepEqual(actual.conversations, expected.conversations)
  t.deepEqual(actual.said, expected.said)
  t[refused ? 'regex' : 'notRegex'](actual.err, /^sluice\/register: /m)
  const inOrder = (log) => unordered ? [...log].sort() : log
  t.deepEqual(inOrder(actual.log), inOrder(expected.log))
  t.is(expected.native + expected.ours + expected.nativeRequests, 0)
  if (refused) {
    t.is(actual.native + actual.ours + actual.nativeRequests, 0)
    return actual
  }
  t.true(actual.ours > 0, 'no response has the methods of sluice')
  if (native !== null) t.true(actual.native > 0, 'no response was written by sluice')
  t.deepEqual(native?.filter((path) => !actual.nativePaths.includes(path)) ?? [], [], 'answered by Node')
  if (requests) t.true(actual.nativeRequests > 0, 'no request was written by sluice')
  return actual
}

module.exports = { register, compare, meaning, digest }
