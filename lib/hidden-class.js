'use strict'

// Express gives messages another prototype (`Object.setPrototypeOf(res, app.response)`). Up to V8 12 (Node 23) such an
// object has a hidden class of its own as soon as it is given a property, and its names are looked up anew, a
// hundred of a response. One whose properties are in a dictionary shares its class with all others of its
// prototype, and no program can tell it from what it was. Figures: docs/performance.md.

const http = require('node:http')
const { isProxy } = require('node:util/types')
const { Given } = require('./slot')

const { getPrototypeOf } = Object
const { defineProperty } = Reflect
const { hasOwnProperty } = Object.prototype

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

/** Of a class: the one that was seen last. */
let ordinary = http.ServerResponse.prototype

/** A message that was given its prototype shares its hidden class from then on, as does its request. @param {http.OutgoingMessage} message */
function shareClass (message) {
  const prototype = getPrototypeOf(message)
  if (prototype === ordinary) return
  const isShared = isGiven(prototype)
  if (isShared === false) ordinary = prototype
  if (!isShared || Mark.isOn(message) || isProxy(message)) return
  makeDictionary(message)
  const { req } = message
  if (req instanceof http.IncomingMessage && isGiven(getPrototypeOf(req)) && !Mark.isOn(req) && !isProxy(req)) makeDictionary(req)
}

module.exports = { isNeeded, shareClass }
