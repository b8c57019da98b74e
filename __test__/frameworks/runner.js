'use strict'

// The same requests against the same app, once on stock Node and once with `--require register`.

const path = require('node:path')
const net = require('node:net')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const { createHash } = require('node:crypto')
const { parseResponses } = require('../support/response-parser')

const register = path.join(__dirname, '..', '..', 'register.js')

// Of the time of day, or of chance.
const MASKED = /^(date|etag|last-modified|set-cookie|x-response-time)$/i

async function launch (app, execArgv) {
  const child = fork(path.join(__dirname, 'child.js'), [app], {
    execArgv, env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' }
  })
  const failed = once(child, 'exit').then(([code]) => { throw new Error(`${app} ended with ${code}`) })
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
    async close () {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
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

function meaning ({ status, reason, fields, framing, body, trailers }) {
  return {
    status,
    reason,
    fields: fields.map(([name, value]) => [name, MASKED.test(name) ? '<masked>' : value]),
    framing,
    length: body.length,
    hash: createHash('sha256').update(body).digest('hex'),
    text: body.length < 200 ? body.toString('latin1') : undefined,
    trailers
  }
}

/** @typedef {{ method?: string, path?: string, fields?: string[], body?: string }} Request */

/** @param {Request[]} requests on one connection; pipelined */
function bytesOf (requests) {
  return requests.map(({ method = 'GET', path = '/', fields = [], body = '' }, index) => [
    `${method} ${path} HTTP/1.1`, 'Host: a', ...fields,
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...(index === requests.length - 1 ? ['Connection: close'] : []), '', body
  ].join('\r\n')).join('')
}

async function observe (app, connections, execArgv, talk) {
  const running = await launch(app, execArgv)
  try {
    const conversations = []
    for (const requests of connections) {
      const bytes = await converse(running.port, bytesOf(requests))
      conversations.push(parseResponses(bytes, requests.map(({ method = 'GET' }) => method)).map(meaning))
    }
    if (talk) conversations.push(await talk(running.port))
    const { log, native, ours } = await running.report()
    return { conversations, log, native, ours }
  } finally {
    await running.close()
  }
}

const SMALL = new Set(['opentelemetry', 'multer', 'graphql', 'sockets'])

/**
 * Compares one app and asserts that sluice really wrote.
 * @param {Request[][]} connections
 * @param {(port: number) => Promise<unknown>} [talk] what raw requests can't say
 */
async function compare (t, app, connections, talk) {
  const expected = await observe(app, connections, [], talk)
  const actual = await observe(app, connections, ['--require', register], talk)
  t.deepEqual(actual.conversations, expected.conversations)
  t.deepEqual(actual.log, expected.log)
  t.is(expected.native + expected.ours, 0)
  t.true(actual.ours > 0, 'no response has the methods of sluice')
  // The first small whole response of a socket is left to Node, and these give no other.
  if (!SMALL.has(app)) t.true(actual.native > 0, 'no response was written by sluice')
}

module.exports = { compare }
