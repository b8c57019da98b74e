'use strict'

// The write side of Node's HTTP messages, in Rust. See README.md.

const http = require('node:http')
const { native } = require('./binding')
const { installOn } = native === null ? { installOn: hostsOwn } : require('./message')
const { kOptions, readOptions, hasOptions } = require('./options')
const { install, uninstall } = require('./install')
const { kServerResponse } = require('./host')
const interim = require('./interim')
const statusLine = require('./status-line')
const setHeader = require('./set-header')
const idle = require('./idle')
const isEncoding = native === null ? Buffer.isEncoding : require('./encoding').isEncoding

const { OutgoingMessage: HostMessage, ServerResponse: HostResponse } = http

// Each has a function of its own: stack traces show the name that stands here. They can be called without `new`,
// as the host's can.

function OutgoingMessage (...values) {
  if (new.target === undefined && !(this instanceof HostMessage)) return new OutgoingMessage(...values)
  HostMessage.apply(this, values)
}

function ServerResponse (...values) {
  if (new.target === undefined && !(this instanceof HostResponse)) return new ServerResponse(...values)
  HostResponse.apply(this, values)
}

/** Where Node writes every socket: nothing is deferred but by Node. */
function hostsOwn (prototype) {
  prototype.flushWrites = function flushWrites () { return this.writableLength === 0 }
}

function inherit (Class, Base) {
  Object.setPrototypeOf(Class.prototype, Base.prototype)
  Object.setPrototypeOf(Class, Base)
  installOn(Class.prototype, Base.prototype)
}

inherit(OutgoingMessage, HostMessage)
inherit(ServerResponse, HostResponse)
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
