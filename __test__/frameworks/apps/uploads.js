'use strict'

// Answers to uploads, some before the body has come.

const http = require('node:http')
const busboy = require('busboy')
const express = require('express')
const multer = require('multer')

const MOST = 100

/** Answers as soon as the file is too large, and reads on. */
function byBusboy (req, res) {
  const parser = busboy({ headers: req.headers, limits: { fileSize: MOST } })
  let isAnswered = false
  parser.on('file', (name, file, { filename }) => {
    file.on('limit', () => {
      isAnswered = true
      res.writeHead(413)
      res.end('limit')
    })
    file.resume()
  })
  parser.on('close', () => {
    if (!isAnswered) res.end('taken')
  })
  req.pipe(parser)
}

module.exports = (log) => {
  const app = express()
  const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: MOST } })
  app.post('/multer', upload.single('file'), (req, res) => res.json({ size: req.file.size, name: req.file.originalname }))
  app.post('/busboy', byBusboy)
  app.post('/close', (req, res) => res.set('Connection', 'close').status(413).send('too large'))
  app.post('/keep', (req, res) => res.status(413).send('too large'))
  app.post('/keep-chunked', (req, res) => {
    res.status(413).write('too ')
    res.end('large')
  })
  app.post('/echo', (req, res) => req.pipe(res))
  app.get('/', (req, res) => res.send('hello'))
  app.use((error, req, res, next) => {
    log(error.code)
    res.status(413).json({ code: error.code })
  })
  const server = http.createServer(app)
  server.on('checkContinue', (req, res) => {
    if (Number(req.headers['content-length']) > MOST) return res.writeHead(417, { Connection: 'close' }).end('no')
    res.writeContinue()
    app(req, res)
  })
  return server
}
