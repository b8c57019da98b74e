'use strict'

const http = require('node:http')
const { WebSocketServer } = require('ws')
const { Server } = require('socket.io')

module.exports = (log) => {
  const server = http.createServer((req, res) => {
    if (!req.url.startsWith('/socket.io/')) res.end('hello')
  })
  const plain = new WebSocketServer({ noServer: true })
  const io = new Server(server, { destroyUpgrade: false, serveClient: false })
  io.on('connection', (socket) => {
    log(`connected by ${socket.conn.transport.name}`)
    socket.on('echo', (text, answer) => answer(`${text}!`))
  })
  server.on('upgrade', (req, socket, head) => {
    if (req.url !== '/ws') return
    plain.handleUpgrade(req, socket, head, (client) => {
      client.send('x'.repeat(1 << 20))
      client.on('message', (message) => client.send(`echo ${message}`))
    })
  })
  return server
}
