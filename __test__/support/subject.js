'use strict'

// The implementations under test. With SLUICE_SUBJECT=stock both are the
// host's own, and every differential test must still pass: that shows that the
// harness itself is deterministic.

const http = require('node:http')
const https = require('node:https')

/** Drops what only sluice understands. */
function nodeOptions (options) {
  const { backpressure, coalesce, ...rest } = options ?? {}
  return rest
}

const stock = {
  name: 'stock',
  isStock: true,
  OutgoingMessage: http.OutgoingMessage,
  ServerResponse: http.ServerResponse,
  createServer: (options, listener) => typeof options === 'function'
    ? http.createServer(options)
    : http.createServer(nodeOptions(options), listener),
  createSecureServer: (options, listener) => https.createServer(nodeOptions(options), listener)
}

const selfCheck = process.env.SLUICE_SUBJECT === 'stock'

/** @returns {typeof stock} */
function loadSluice () {
  const sluice = require('../../index.js')
  return {
    name: 'sluice',
    isStock: false,
    OutgoingMessage: sluice.OutgoingMessage,
    ServerResponse: sluice.ServerResponse,
    createServer: sluice.createServer,
    createSecureServer: sluice.createSecureServer
  }
}

module.exports = { stock, subject: selfCheck ? stock : loadSluice(), selfCheck }
