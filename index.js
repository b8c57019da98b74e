'use strict'

// The write side of Node's HTTP messages, in Rust. See README.md.

const http = require('node:http')
const { native } = require('./lib/binding')
const { installOn } = native === null ? { installOn () {} } : require('./lib/message')
const { kOptions, readOptions, hasOptions } = require('./lib/options')
const { install, uninstall } = require('./lib/install')
const { kServerResponse } = require('./lib/host')
const interim = require('./lib/interim')
const statusLine = require('./lib/status-line')
const setHeader = require('./lib/set-header')
const idle = require('./lib/idle')
const isEncoding = native === null ? Buffer.isEncoding : require('./lib/encoding').isEncoding

/** A class of the host's that can be called without `new`, as the host's can. */
function derive (Base, name) {
  function Derived (...values) {
    if (new.target === undefined && !(this instanceof Base)) return new Derived(...values)
    Base.apply(this, values)
  }
  Object.defineProperty(Derived, 'name', { value: name })
  Object.setPrototypeOf(Derived.prototype, Base.prototype)
  Object.setPrototypeOf(Derived, Base)
  installOn(Derived.prototype, Base.prototype)
  return Derived
}

const OutgoingMessage = derive(http.OutgoingMessage, 'OutgoingMessage')
const ServerResponse = derive(http.ServerResponse, 'ServerResponse')
if (native !== null) Object.assign(ServerResponse.prototype, interim.methods, statusLine.inherited, setHeader.inherited)

function serverFactory (load) {
  return function (options, listener) {
    if (typeof options === 'function') {
      listener = options
      options = undefined
    }
    const ours = hasOptions(options) ? readOptions(options) : undefined
    const server = load().createServer(options, listener)
    // Node looks at all that it is given, and where it comes from: it gets it as it is.
    if (!options?.ServerResponse) server[kServerResponse] = ServerResponse
    if (ours !== undefined) server[kOptions] = ours
    if (native !== null) Object.assign(server, idle.methods)
    return server
  }
}

module.exports = {
  OutgoingMessage,
  ServerResponse,
  createServer: serverFactory(() => http),
  createSecureServer: serverFactory(() => require('node:https')),
  install,
  uninstall,
  isEncoding,
  native: native !== null
}
