'use strict'

const { RawClient } = require('./raw-client')
const { startServer } = require('./servers')
const { subject } = require('./subject')

/** Serves `listeners`, one for each request of a connection. */
async function serveInTurn (listeners, play) {
  const waiting = [...listeners]
  const server = await startServer(subject, { transport: 'tcp', listener: (req, res) => waiting.shift()(res, req) })
  const client = await RawClient.connect(server.address, { paused: true, keep: false })
  try {
    await play(client)
  } finally {
    if (!client.isClosed) client.destroy()
    await server.close()
  }
}

module.exports = { serveInTurn }
