'use strict'

const http = require('node:http')
const express = require('express')
const multer = require('multer')

module.exports = (log) => {
  const app = express()
  const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 100 } })
  app.post('/', upload.single('file'), (req, res) => res.json({ size: req.file.size, name: req.file.originalname }))
  app.use((error, req, res, next) => {
    log(error.code)
    res.status(413).json({ code: error.code })
  })
  return http.createServer(app)
}
