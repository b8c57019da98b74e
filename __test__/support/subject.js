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
/** With SLUICE_SUBJECT=register the subject is Node's own classes, on which sluice is installed. */
const registers = process.env.SLUICE_SUBJECT === 'register'

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

/**
 * Installed while a server of its is open, so that stock is stock the rest of the time.
 * @returns {typeof stock}
 */
function loadRegistered () {
  const sluice = require('../../index.js')
  const create = (make) => (options, listener) => {
    const { backpressure, coalesce } = options ?? {}
    if (!sluice.install({ backpressure, coalesce })) throw new Error('sluice is not installed')
    return make(options, listener)
  }
  return {
    ...stock,
    name: 'register',
    isStock: false,
    createServer: create(stock.createServer),
    createSecureServer: create(stock.createSecureServer),
    /** Of all servers: `install` has one set of options. */
    configure: sluice.install,
    release: sluice.uninstall
  }
}

const subject = selfCheck ? stock : registers ? loadRegistered() : loadSluice()

module.exports = { stock, subject, selfCheck, registers }
