'use strict'

// One server process: server.js http|sluice APP [tls], or server.js least APP FILE FIRST PIECE (least.js).
// Prints its port as one line of JSON, and ends with its standard input.

const fs = require('node:fs')
const path = require('node:path')
const { findApp } = require('./apps')

const [module_, name, tls, ...sizes] = process.argv.slice(2)

const fixture = (file) => fs.readFileSync(path.join(__dirname, '..', '__test__', 'fixtures', 'tls', file))

function create (listener) {
  const options = tls === 'tls' ? { key: fixture('key.pem'), cert: fixture('certificate.pem') } : {}
  if (module_ === 'sluice') {
    const sluice = require('..')
    return tls === 'tls' ? sluice.createSecureServer(options, listener) : sluice.createServer(options, listener)
  }
  if (module_ === 'least') require('./least').install(tls, ...sizes.map(Number))
  return require(tls === 'tls' ? 'node:https' : 'node:http').createServer(options, listener)
}

const server = create(findApp(name).listener())
// Thousands of clients that read at once take longer than Node's 5 s, and a connection that is closed
// with bytes on the way may be reset by a kernel that is short of memory.
server.keepAliveTimeout = 60_000
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(JSON.stringify({ port: server.address().port }) + '\n')
})
process.stdin.on('end', () => process.exit(0)).resume()
