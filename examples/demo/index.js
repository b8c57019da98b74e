'use strict'

// The demo server: every response goes through sluice. `npm start` builds the
// addon and runs this; `node examples/demo` runs it alone.

const sluice = require('../..')
const { createHandler } = require('./handler')
const { suggestions } = require('./pages')

const host = '127.0.0.1'
const defaultPort = 8080
/** How long a response may go on after SIGINT or SIGTERM. */
const graceMilliseconds = 1000

/**
 * @param {string | undefined} text
 * @returns {number | undefined} undefined where `text` is no port
 */
function parsePort (text) {
  if (text === undefined || text === '') return defaultPort
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port <= 65535 ? port : undefined
}

/** @param {string} reason one line */
function refuse (reason) {
  console.error(`sluice demo: ${reason}`)
  process.exitCode = 1
}

/**
 * @param {NodeJS.ErrnoException} error
 * @param {number} port
 */
function describeListenError (error, port) {
  if (error.code === 'EADDRINUSE') {
    return `port ${port} of ${host} is in use; choose another: PORT=8081 npm start`
  }
  if (error.code === 'EACCES') return `port ${port} of ${host} is not ours to open; choose another: PORT=8080 npm start`
  return error.message
}

function main () {
  const port = parsePort(process.env.PORT)
  if (port === undefined) {
    return refuse(`PORT must be a whole number from 0 to 65535, not "${process.env.PORT}"`)
  }
  const stopping = new AbortController()
  const server = sluice.createServer(createHandler(stopping.signal))
  server.once('error', (error) => refuse(describeListenError(error, port)))
  server.listen(port, host, () => {
    const origin = `http://${host}:${server.address().port}`
    console.log(suggestions(origin, sluice.native))
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.once(signal, () => {
        console.log(`${signal}: closing`)
        stopping.abort()
        server.close(() => console.log('closed'))
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), graceMilliseconds).unref()
      })
    }
  })
}

module.exports = { main }

if (require.main === module) main()
