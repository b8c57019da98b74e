'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { randomBytes } = require('node:crypto')

const tlsDirectory = path.join(__dirname, '..', 'fixtures', 'tls')
const tlsOptions = {
  key: fs.readFileSync(path.join(tlsDirectory, 'key.pem')),
  cert: fs.readFileSync(path.join(tlsDirectory, 'certificate.pem'))
}

/** @typedef {'tcp' | 'unix' | 'tls'} Transport */
/** @typedef {{ transport: Transport, port?: number, host?: string, path?: string }} Address */

function unixPath () {
  const name = `sluice-${randomBytes(8).toString('hex')}`
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\${name}`
    : path.join(os.tmpdir(), `${name}.sock`)
}

/**
 * Creates a server of `subject` and waits until it listens.
 * @param {object} subject
 * @param {{ transport?: Transport, options?: object, listener?: Function }} [setup]
 */
async function startServer (subject, { transport = 'tcp', options = {}, listener } = {}) {
  const server = transport === 'tls'
    ? subject.createSecureServer({ ...tlsOptions, ...options }, listener)
    : subject.createServer(options, listener)
  const address = await listen(server, transport)
  const close = async () => {
    await closeServer(server)
    subject.release?.()
  }
  return { server, address, close }
}

/** @returns {Promise<Address>} */
async function listen (server, transport = 'tcp') {
  if (transport === 'unix') server.listen(unixPath())
  else server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return transport === 'unix'
    ? { transport, path: server.address() }
    : { transport, port: server.address().port, host: '127.0.0.1' }
}

/** Closes the server and every connection that it still has. */
async function closeServer (server) {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

module.exports = { startServer, listen, closeServer, tlsOptions, unixPath }
