'use strict'

// Text in every encoding that Node has.

const test = require('ava')
const { differentialFor } = require('../support/differential')
const { request } = require('../support/requests')

const differential = differentialFor(test)

/** As long as what is encoded by another way than short strings, and one shorter; as V8 keeps them and as it doesn't. */
function longTexts () {
  const latin1 = (length) => 'abcé'.repeat(length).slice(0, length)
  const texts = []
  for (const length of [511, 512, 513, 4000]) {
    texts.push('a'.repeat(length), latin1(length), '漢'.repeat(length), '😀'.repeat(length).slice(0, length), latin1(length - 1) + '’')
    for (const lone of ['\ud83d', '\udc00']) {
      texts.push(lone + latin1(length), latin1(length) + lone, '漢'.repeat(length / 2) + lone + '😀'.repeat(length / 4))
    }
    // A rope; and the slice of a wide string that has no wide character.
    texts.push(['é', '漢'].map((one) => one.repeat(length)).join('-') + length, `漢${latin1(length)}`.slice(1))
  }
  return texts
}

differential('long texts in UTF-8, in every lane', {
  request: request('GET', '/1', { close: false }) + request('GET', '/2', { close: false }) + request('GET', '/3'),
  async script ({ m, cb, index, turns }) {
    for (const [n, text] of longTexts().entries()) {
      if (index === 1) m.write(text, n % 2 ? 'utf8' : 'UTF-8', cb(n))
      else m.write(text)
    }
    await turns(2)
    if (index === 2) {
      for (const text of longTexts()) {
        m.write(text)
        await turns(1)
      }
    }
    m.end('é'.repeat(600))
  }
})

differential('long texts in UTF-8 on the socket itself', {
  request: request(),
  async script ({ req, m, turns }) {
    m.setHeader('Content-Length', longTexts().reduce((sum, text) => sum + Buffer.byteLength(text), 0))
    m.flushHeaders()
    await turns(1)
    for (const text of longTexts()) req.socket.write(text)
    await turns(1)
    m.end()
  }
})

const TEXT = 'grüße, 漢字, 😀, \ud800 alone \udfff, \0 nul, 414243==_-'
const ENCODINGS = [
  'utf8', 'utf-8', 'UTF8', 'Utf-8', 'ucs2', 'ucs-2', 'UCS2', 'utf16le', 'utf-16le', 'UTF-16LE',
  'latin1', 'binary', 'Latin1', 'ascii', 'ASCII', 'base64', 'BASE64', 'base64url', 'hex', 'HEX'
]
const INPUTS = {
  text: TEXT,
  short: 'x',
  ascii: 'GET / HTTP/1.1',
  empty: '',
  long: '漢é😀a'.repeat(5000)
}
for (const encoding of ENCODINGS) {
  // Node estimates the length of base64 and hex text that is not well formed, and so sends chunk
  // sizes and Content-Lengths that are wrong: only well-formed text has an oracle.
  const inputs = /hex/i.test(encoding)
    ? { hex: 'DEADbeef', empty: '', one: '00', two: 'fFfF', long: '0123456789abcdef'.repeat(5000) }
    : /base64/i.test(encoding)
      ? { base64: 'aGVsbG8gd29ybGQ=', empty: '', url: '-_-_', plus: '+/+/', long: 'c2x1aWNl'.repeat(5000) }
      : INPUTS
  differential(`encoding ${encoding}`, {
    request: Object.keys(inputs).map((path, n) => request('GET', `/${path}`, { close: n === 4 })).join(''),
    script ({ m, req, cb }) {
      const input = inputs[req.url.slice(1)]
      m.write(input, encoding, cb(1))
      m.write(input, encoding)
      m.end(input, encoding, cb('end'))
    }
  })
  differential(`encoding ${encoding}, Content-Length from end`, {
    request: Object.keys(inputs).map((path, n) => request('GET', `/${path}`, { close: n === 4 })).join(''),
    script: ({ m, req, cb }) => { m.end(inputs[req.url.slice(1)], encoding, cb('end')) }
  })
}
