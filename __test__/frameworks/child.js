'use strict'

// Runs one app, and tells its port, its log lines and how many responses had a socket of ours.
// The count looks at the socket from outside: no code of the product's is for it.

const http = require('node:http')
const path = require('node:path')

const isOurs = (socket) => Object.getOwnPropertySymbols(socket)
  .some((symbol) => symbol.description === 'sluice.connection' && socket[symbol])

let native = 0
/** Responses that have our methods. */
let ours = 0
const { emit } = http.Server.prototype
http.Server.prototype.emit = function (event, req, res) {
  if (event === 'request') {
    const { socket } = req
    res.on('finish', () => {
      if (isOurs(socket)) native++
      if (typeof res.flushWrites === 'function') ours++
    })
  }
  return emit.apply(this, arguments)
}

const log = []
process.on('message', () => process.send({ log, native, ours }))

async function main () {
  const app = require(path.join(__dirname, 'apps', process.argv[2]))
  const server = await app((line) => log.push(line))
  if (!server.listening) await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.send({ port: server.address().port })
}

main()
