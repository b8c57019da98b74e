'use strict'

class Given {
  constructor (object) { return object }
}

/**
 * A value kept on an object of somebody else's, as a private field of it: nobody sees it, neither
 * `Reflect.ownKeys` nor `util.inspect`. Defining a symbol that isn't enumerable takes 3 µs an object, and a
 * `WeakMap` is slower to read.
 */
class Slot extends Given {
  #value

  /** @param {object | null | undefined} object */
  static get (object) {
    return object != null && #value in object ? object.#value : undefined
  }

  static set (object, value) {
    if (#value in object) object.#value = value
    else new Slot(object).#value = value
  }
}

module.exports = { Slot }
