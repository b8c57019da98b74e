'use strict'

const fs = require('node:fs')
const { RawClient } = require('./raw-client')
const { startServer } = require('./servers')
const { subject } = require('./subject')

const FILLING = Buffer.alloc(1 << 20, 'b')

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

/** Fills the kernel's buffer past the socket. */
function fillKernel ({ _handle: { fd } }) {
  try {
    for (;;) fs.writeSync(fd, FILLING)
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error
  }
}

module.exports = { serveInTurn, fillKernel }
