'use strict'

// Node's server with the least write side that there can be: no head is rendered, no chunk framed, no
// answer thought of. `end` and `write` send bytes that were made beforehand, and `finish` comes in the
// next tick, as in Node. What a scenario costs here is Node's reading, parsing, messages and events and
// the kernel's `send`: nothing that replaces the write side alone can cost less.

const http = require('node:http')
const path = require('node:path')

const kFd = Symbol('fd')

function finish (response) {
  response.emit('finish')
}

/**
 * @param {string} file a whole response
 * @param {number} first bytes of it that the first `write` sends
 * @param {number} piece bytes that each other one sends
 */
function install (file, first, piece) {
  const { open, send } = require(path.join(__dirname, '.cache', 'least.node'))
  const length = open(file)
  let at = 0
  const fdOf = (socket) => (socket[kFd] ??= socket._handle.fd)

  const { prototype } = http.ServerResponse
  prototype.writeHead = function writeHead () {
    this._header = 'sent with the body'
    return this
  }
  prototype.write = function write () {
    const to = at === 0 ? first : at + piece
    send(fdOf(this.socket), at, to)
    at = to
    return true
  }
  prototype.end = function end () {
    send(fdOf(this.socket), at, length)
    at = 0
    this._header = 'sent with the body'
    this.finished = true
    process.nextTick(finish, this)
    return this
  }
}

module.exports = { install }
