'use strict'

// Express gives messages another prototype (`Object.setPrototypeOf(res, app.response)`). Up to V8 12 (Node 23) such an
// object has a hidden class of its own as soon as it is given a property, and its names are looked up anew, a
// hundred of a response. One whose properties are in a dictionary shares its class with all others of its
// prototype, and no program can tell it from what it was. Figures: docs/performance.md.

const http = require('node:http')
const { isProxy } = require('node:util/types')
const { Given } = require('./slot')

const { getPrototypeOf, getOwnPropertyDescriptor } = Object
const { defineProperty } = Reflect
const { hasOwnProperty } = Object.prototype
const { prototype: responsePrototype } = http.ServerResponse

const isNeeded = Number.parseInt(process.versions.v8) < 13

/** On what has a dictionary; unseen by others, as the values of slots. */
class Mark extends Given {
  #isMade = true

  static isOn (object) {
    return #isMade in object
  }
}

const kFiller = Symbol('filler')
const filler = { __proto__: null, value: undefined, configurable: true }

/** V8 makes a dictionary of an object's properties where one is deleted that is not its last. */
function makeDictionary (object) {
  if (!defineProperty(object, kFiller, filler)) return
  new Mark(object) // eslint-disable-line no-new
  delete object[kFiller]
}

/** Prototypes by whether they are given to objects that a class has made. @type {WeakMap<object, boolean>} */
const prototypes = new WeakMap()

/** @returns {boolean | undefined} whether it is given; undefined the first time, and by that for one that each object has for itself */
function isGiven (prototype) {
  const known = prototypes.get(prototype)
  if (known === undefined && prototype !== null) {
    prototypes.set(prototype, !isProxy(prototype) && !hasOwnProperty.call(prototype, 'constructor'))
  }
  return known
}

/**
 * A message that was given its prototype shares its hidden class from then on, as does its request. Nothing is
 * asked that a program answers: no proxy, no getter.
 * @param {http.OutgoingMessage} message
 * @returns {boolean} whether it was given one
 */
function shareClass (message) {
  if (isProxy(message)) return false
  const prototype = getPrototypeOf(message)
  if (prototype === responsePrototype || !isGiven(prototype)) return false
  if (Mark.isOn(message)) return true
  makeDictionary(message)
  const req = getOwnPropertyDescriptor(message, 'req')?.value
  if (typeof req !== 'object' || req === null || isProxy(req) || Mark.isOn(req)) return true
  if (isGiven(getPrototypeOf(req))) makeDictionary(req)
  return true
}

module.exports = { isNeeded, shareClass }
