'use strict'

// Runs one app, and tells its port, its log lines and how many messages had a socket of ours.
// The count looks at the socket from outside: no code of the product's is for it.

const http = require('node:http')
const path = require('node:path')
const { subscribe } = require('node:diagnostics_channel')

/** Whether the socket's sink has been replaced. */
const isOurs = (socket) => Object.hasOwn(socket, '_writev')

const counts = {
  /** Responses that have our methods. */
  ours: 0,
  /** Responses on a socket that is ours, and what they answered. */
  native: 0,
  nativePaths: new Set(),
  /** Requests that the app sent on a socket that is ours. */
  nativeRequests: 0
}

const { emit } = http.Server.prototype
http.Server.prototype.emit = function (event, req, res) {
  if (event === 'request') {
    const { socket, url } = req
    res.on('finish', () => {
      if (typeof res.flushWrites === 'function') counts.ours++
      if (!isOurs(socket)) return
      counts.native++
      counts.nativePaths.add(url)
    })
  }
  return emit.apply(this, arguments)
}

subscribe('http.client.request.start', ({ request }) => {
  request.on('finish', () => {
    if (request.socket && isOurs(request.socket)) counts.nativeRequests++
  })
})

// Whatever becomes of the runner.
process.on('disconnect', () => process.exit())

const log = []
process.on('message', () => process.send({ log, ...counts, nativePaths: [...counts.nativePaths] }))

async function main () {
  const app = require(path.join(__dirname, 'apps', process.argv[2]))
  const server = await app((line) => log.push(line))
  if (!server.listening) await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.send({ port: server.address().port })
}

main()
