'use strict'

class Given {
  constructor (object) { return object }
}

/**
 * A value kept on an object of somebody else's, as a private field of it: nobody sees it, neither
 * `Reflect.ownKeys` nor `util.inspect`. Defining a symbol that isn't enumerable takes 3 µs an object, and a
 * `WeakMap` is slower to read.
 *
 * Sockets and handles have one each: a place in the code stays fast up to four hidden classes, and sockets
 * and handles, with the value and before, are more (0.6 % of the CPU of a response on Node 26).
 */
class SocketSlot extends Given {
  #value

  /** @param {object | null | undefined} socket */
  static get (socket) {
    return socket != null && #value in socket ? socket.#value : undefined
  }

  static set (socket, value) {
    if (#value in socket) socket.#value = value
    else new SocketSlot(socket).#value = value
  }
}

/** As `SocketSlot`. */
class HandleSlot extends Given {
  #value

  /** @param {object | null | undefined} handle */
  static get (handle) {
    return handle != null && #value in handle ? handle.#value : undefined
  }

  static set (handle, value) {
    if (#value in handle) handle.#value = value
    else new HandleSlot(handle).#value = value
  }
}

module.exports = { Given, SocketSlot, HandleSlot }
