'use strict'

// A field that was let pass before is remembered: what comes second is what stock Node makes of it.

const test = require('ava')
const http = require('node:http')
const sluice = require('../..')
const { differentialFor } = require('../support/differential')
const { pipeline } = require('../support/requests')

const differential = differentialFor(test)

const LIKE_ONE = { toString: () => 'one' }
const STRING_OBJECT = Object('one')

const FORMS = {
  'the same': (m) => m.setHeader('X-One', 'one'),
  'another value': (m) => m.setHeader('X-One', 'two'),
  'a value with CRLF': (m) => m.setHeader('X-One', 'one\r\nX-Bad: 1'),
  'a value beyond latin1': (m) => m.setHeader('X-One', '漢字'),
  'an empty value': (m) => m.setHeader('X-One', ''),
  'no value': (m) => m.setHeader('X-One', undefined),
  'a number': (m) => m.setHeader('X-One', 1),
  numbers: (m) => {
    for (const number of [1, 1, -0, 0, NaN, NaN, 1.5]) m.setHeader(`X-${number}`, number)
  },
  'a list': (m) => m.setHeader('X-One', ['one']),
  'an object that is the same text': (m) => m.setHeader('X-One', LIKE_ONE),
  'a String object': (m) => m.setHeader('X-One', STRING_OBJECT),
  'the name in other letters': (m) => m.setHeader('x-oNE', 'one'),
  'a name that is none': (m) => m.setHeader('X One', 'one'),
  'a name that is no string': (m) => m.setHeader(Object('X-One'), 'one'),
  'the name __proto__': (m) => m.setHeader('__proto__', 'one'),
  'removed and set again': (m) => {
    m.setHeader('X-One', 'one')
    m.removeHeader('x-one')
    m.setHeader('X-Two', 'two')
    m.setHeader('X-One', 'one')
  },
  'set twice': (m) => {
    m.setHeader('X-Two', 'two')
    m.setHeader('X-One', 'two')
    m.setHeader('X-One', 'one')
  },
  appended: (m) => {
    m.setHeader('X-One', 'one')
    m.appendHeader?.('X-One', 'two')
    m.setHeader('X-Two', 'two')
  },
  'behind the head': (m) => {
    m.setHeader('X-One', 'one')
    m.writeHead(200)
    m.setHeader('X-One', 'one')
  },
  'another value each time, and none': (m) => {
    for (let n = 0; n < 50; n++) m.setHeader('X-One', `${n}`)
    m.setHeader('X-One', NaN)
    m.setHeader('X-One', undefined)
  },
  'framing fields': (m) => {
    m.setHeader('X-One', 'one')
    m.setHeader('Content-Length', '4')
    m.setHeader('Connection', 'close')
  }
}

for (const [name, form] of Object.entries(FORMS)) {
  for (const isFirst of [true, false]) {
    differential(`setHeader: ${name}, ${isFirst ? 'the first field' : 'behind another'}`, {
      request: pipeline(4),
      script ({ m, index, snapshot }) {
        if (!isFirst) m.setHeader('X-Zero', 'zero')
        if (index === 0) m.setHeader('X-One', 'one')
        else form(m)
        snapshot('after the fields')
        m.end('body')
      }
    })
  }
}

const responseAlone = ({ ServerResponse }) => new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 })

/** What each step throws, or leaves among the fields. */
function outcome (step, response) {
  try {
    step(response)
    return response.getHeaders()
  } catch (error) {
    return [error.name, error.code, error.message]
  }
}

test('setHeader: what is let pass with leniency is not without', (t) => {
  const outcomes = (side) => [true, false, true, false].map((lenient) => {
    const response = responseAlone(side)
    response._isLenientHeaderValidation = () => lenient
    response.setHeader('X-Zero', 'zero')
    return outcome(() => response.setHeader('X-Control', 'a\u0001b'), response)
  })
  t.deepEqual(outcomes(sluice), outcomes(http))
})

test('setHeader: more names than are remembered, and long ones', (t) => {
  const long = 'x'.repeat(10_000)
  const outcomes = (side) => [1, 2].map(() => outcome((response) => {
    for (let n = 0; n < 600; n++) response.setHeader(`X-Name-${n}`, `${n}`)
    response.setHeader(long, long)
  }, responseAlone(side)))
  t.deepEqual(outcomes(sluice), outcomes(http))
})

test('setHeader: on what is no message', (t) => {
  const outcomes = (side) => [{}, Object.create(side.ServerResponse.prototype), undefined].map((receiver) => {
    const { setHeader } = side.ServerResponse.prototype
    try {
      return setHeader.call(receiver, 'X-Zero', 'zero') === receiver
    } catch (error) {
      return error.name
    }
  })
  t.deepEqual(outcomes(sluice), outcomes(http))
})

test.serial('setHeader: what others put into the prototype of http.ServerResponse is called', (t) => {
  const { prototype } = http.ServerResponse
  const seen = []
  prototype.setHeader = function (...values) {
    seen.push(values)
    return http.OutgoingMessage.prototype.setHeader.apply(this, values)
  }
  try {
    for (let n = 0; n < 2; n++) {
      const response = responseAlone(sluice)
      t.is(response.setHeader('X-Seen', 'yes'), response)
      t.is(response.getHeader('x-seen'), 'yes')
    }
  } finally {
    delete prototype.setHeader
  }
  t.deepEqual(seen, [['X-Seen', 'yes'], ['X-Seen', 'yes']])
})
