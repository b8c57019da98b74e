'use strict'

// What each scenario's server answers. One file for Node, sluice, Bun and Deno: they differ in the
// `node:http` beneath, and in nothing else.

const fs = require('node:fs')
const path = require('node:path')
const { Readable } = require('node:stream')

const FILE = path.join(__dirname, '.cache', 'file-50-mib')
const JSON_1_KIB = JSON.stringify({ id: 7, name: 'sluice', note: 'x'.repeat(985) })
const SMALL = Buffer.alloc(100, 'x')
const TEXT = 'y'.repeat(100)
// One in four characters is not ASCII; 1 KiB of UTF-8.
const WIDE_TEXT = 'abcé'.repeat(205).slice(0, 819)
const CHUNK_16_KIB = Buffer.alloc(16 * 1024, 'z')
const CHUNK_64_KIB = Buffer.alloc(64 * 1024, 'w')
const MIB = Buffer.alloc(1024 * 1024, 'v')
const EVENT = Buffer.from('data: {"n":123456789,"text":"an event"}\n\n')
const EVENTS = 20_000
const HUNDRED = Array.from({ length: 100 }, () => SMALL)

function eightFields (res) {
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(JSON_1_KIB))
  res.setHeader('Cache-Control', 'no-cache, no-store')
  res.setHeader('ETag', '"5f3b9c2d-400"')
  res.setHeader('X-Request-Id', '1f6c3a5e-88d1-4c6b-a2f5-1d7c0e2b9f34')
  res.setHeader('X-Frame-Options', 'DENY')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Vary', 'Accept-Encoding')
}

function repeat (res, chunk, times) {
  for (let n = 0; n < times; n++) res.write(chunk)
  res.end()
}

async function writesWithAwait (req, res) {
  for (let n = 0; n < 100; n++) {
    res.write(SMALL)
    await null
  }
  res.end()
}

function untilDrain (res, chunk, times) {
  let left = times
  const more = () => {
    while (left > 0) {
      left--
      if (!res.write(chunk)) return left > 0 ? res.once('drain', more) : res.end()
    }
    res.end()
  }
  more()
}

function events (req, res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' })
  let left = EVENTS
  const next = () => {
    res.write(EVENT)
    if (--left > 0) setImmediate(next)
    else res.end()
  }
  next()
}

/** An event for each byte of the request's body. */
function echoEvents (req, res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' })
  req.on('data', (bytes) => { for (let n = 0; n < bytes.length; n++) res.write(EVENT) })
  req.on('end', () => res.end())
}

/**
 * The points of the growth curves: /writes/N, /size/N, /fields/N.
 * @param {string} url
 */
function growing (url) {
  const [, kind, text] = url.split('/')
  const n = Number(text)
  if (kind === 'writes') {
    return { body: () => Buffer.alloc(n * 10, 'g'), listener: (req, res) => repeat(res, SMALL_GROWING, n) }
  }
  if (kind === 'size') {
    const chunk = Buffer.alloc(n, 'g')
    return { body: () => Buffer.alloc(n * 10, 'g'), listener: (req, res) => repeat(res, chunk, 10) }
  }
  if (kind !== 'fields') throw new Error(`no such application: ${url}`)
  const names = Array.from({ length: n }, (_, index) => `X-Field-${index}`)
  return {
    body: () => Buffer.from('Hello, World!'),
    listener: (req, res) => {
      for (const name of names) res.setHeader(name, 'a value of a field')
      res.end('Hello, World!')
    }
  }
}
const SMALL_GROWING = Buffer.alloc(10, 'g')

const ANSWER = { id: 7, name: 'sluice', tags: ['http', 'write', 'native'] }
const JSON_BODY = Buffer.from(JSON.stringify(ANSWER))

/** @param {(app: import('express').Express) => void} [use] */
function express (use = () => {}) {
  const app = require('express')()
  use(app)
  app.get('/', (req, res) => { res.json(ANSWER) })
  return app
}

/** What applications have in front of their routes: fields of security and of origins, a parser of bodies, a log. */
function withFields (app) {
  for (let n = 0; n < 10; n++) {
    app.use((req, res, next) => {
      res.setHeader(`X-Field-${n}`, 'nosniff')
      next()
    })
  }
  app.use(require('express').json())
  app.use((req, res, next) => {
    res.on('finish', () => {})
    next()
  })
}

/** @type {Record<string, { body: () => Buffer, listener?: Function, make?: () => Function }>} */
const apps = {
  hello: { body: () => Buffer.from('Hello, World!'), listener: (req, res) => { res.writeHead(200); res.end('Hello, World!') } },
  json: { body: () => Buffer.from(JSON_1_KIB), listener: (req, res) => { eightFields(res); res.end(JSON_1_KIB) } },
  buffers: { body: () => Buffer.concat(HUNDRED), listener: (req, res) => repeat(res, SMALL, 100) },
  await: { body: () => Buffer.concat(HUNDRED), listener: writesWithAwait },
  pipe: { body: () => Buffer.concat(HUNDRED), listener: (req, res) => { Readable.from(HUNDRED).pipe(res) } },
  strings: { body: () => Buffer.from(TEXT.repeat(10)), listener: (req, res) => repeat(res, TEXT, 10) },
  'strings-length': {
    body: () => Buffer.from(TEXT.repeat(10)),
    listener: (req, res) => { res.setHeader('Content-Length', 1000); repeat(res, TEXT, 10) }
  },
  utf8: { body: () => Buffer.from(WIDE_TEXT.repeat(10)), listener: (req, res) => repeat(res, WIDE_TEXT, 10) },
  'chunks-16k': { body: () => Buffer.alloc(160 * 1024, 'z'), listener: (req, res) => repeat(res, CHUNK_16_KIB, 10) },
  'end-1m': { body: () => MIB, listener: (req, res) => { res.end(MIB) } },
  'drain-64m': { body: () => Buffer.alloc(64 * 1024 * 1024, 'w'), listener: (req, res) => untilDrain(res, CHUNK_64_KIB, 1024) },
  file: { body: () => fs.readFileSync(FILE), listener: (req, res) => { fs.createReadStream(FILE).pipe(res) } },
  events: { body: () => Buffer.alloc(EVENT.length * EVENTS, EVENT), listener: events },
  'echo-events': { body: () => EVENT, listener: echoEvents },
  express: { body: () => JSON_BODY, make: () => express() },
  middleware: { body: () => JSON_BODY, make: () => express(withFields) }
}

/** @param {string} name of `apps`, or a point of a growth curve */
function findApp (name) {
  const app = apps[name] ?? growing(name)
  return { body: app.body, listener: () => app.make?.() ?? app.listener }
}

module.exports = { findApp, FILE, EVENT, EVENTS }
