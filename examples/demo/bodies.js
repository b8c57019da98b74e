'use strict'

// One endpoint for each kind of body and framing.

const sluice = require('../..')
const { BadRequest, readNumbers, rejectUnknown } = require('./query')
const { opening, closing } = require('./pages')

/** @typedef {import('./handler').Exchange} Exchange */

const mebibyte = 1024 * 1024
/** One Buffer for every response of `/large`: a chunk that waits is held, not copied. */
const sharedBuffer = Buffer.alloc(mebibyte, 'The quick brown fox jumps over the lazy dog.\n')

const greetings = {
  gbk: '你好，世界！这一页是用 GBK 编码写出来的。',
  gb18030: '你好，世界！GB18030 也写得出 𠀀。',
  big5: '你好，世界！這一頁是用 Big5 編碼寫出來的。',
  shift_jis: 'こんにちは、世界。このページは Shift_JIS です。',
  'euc-jp': 'こんにちは、世界。このページは EUC-JP です。',
  'euc-kr': '안녕하세요, 세계! 이 페이지는 EUC-KR입니다.',
  'koi8-r': 'Здравствуй, мир! Эта страница в KOI8-R.',
  'windows-1251': 'Здравствуй, мир! Эта страница в windows-1251.',
  'iso-8859-2': 'Ahoj, světe! Tato stránka je v ISO 8859-2.'
}

/**
 * Calls `next` again and again while it gives a chunk, and stops at a `false`
 * of `write` until `drain`. At most `atOnce` chunks a turn: a client that reads
 * as fast as we write would else keep the other clients waiting for ever.
 * @param {import('../..').ServerResponse} res
 * @param {() => string | Buffer | null} next null ends the response
 * @param {{ atOnce?: number, pause?: number }} [pace] `pause` in milliseconds
 */
function pour (res, next, { atOnce = 16, pause = 0 } = {}) {
  const later = pause === 0 ? setImmediate : (step) => setTimeout(step, pause)
  const step = () => {
    if (res.destroyed || res.writableEnded) return
    for (let count = 0; count < atOnce; count++) {
      const chunk = next()
      if (chunk === null) return res.end()
      if (!res.write(chunk)) return res.once('drain', step)
    }
    later(step)
  }
  step()
}

/** @param {Exchange} exchange */
function stream ({ req, res, query }) {
  const { writes, ms } = readNumbers(query, {
    writes: { default: 200, min: 1, max: 100_000 },
    ms: { default: 10, min: 0, max: 1000 }
  })
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.write(opening(`${writes.toLocaleString('en')} small writes`) +
    '<p>Each number is a <code>write</code> of its own.</p>\n<p class="numbers">\n')
  if (req.method === 'HEAD') return res.end()
  let count = 0
  const next = () => {
    if (count < writes) return `<span>${++count}</span>\n`
    return count++ === writes ? `</p>\n${closing}` : null
  }
  pour(res, next, ms === 0 ? { atOnce: 1000 } : { atOnce: 1, pause: ms })
}

/** @param {Exchange} exchange */
function large ({ req, res, query }) {
  const { mib } = readNumbers(query, { mib: { default: 64, min: 1, max: 4096 } })
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.setHeader('Content-Length', mib * mebibyte)
  if (req.method === 'HEAD') return res.end()
  let left = mib
  pour(res, () => left-- > 0 ? sharedBuffer : null)
}

/** @param {Exchange} exchange */
function encoded ({ res, query }) {
  rejectUnknown(query, ['encoding'])
  const encoding = (query.get('encoding') ?? 'gbk').toLowerCase()
  if (!Object.hasOwn(greetings, encoding)) {
    const known = sluice.isEncoding(encoding) ? 'has no greeting here' : 'is no encoding'
    throw new BadRequest(`"${encoding}" ${known}; there is one in ${Object.keys(greetings).join(', ')}`)
  }
  res.setHeader('Content-Type', `text/html; charset=${encoding}`)
  res.write(opening(encoding, encoding), encoding)
  res.end(`<p class="lead">${greetings[encoding]}</p>\n${closing}`, encoding)
}

/** @param {Exchange} exchange */
function events ({ req, res, query, stopping }) {
  const { ms } = readNumbers(query, { ms: { default: 1000, min: 10, max: 60_000 } })
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  if (req.method === 'HEAD') return res.end()
  let count = 0
  const send = () => {
    // A client that does not read misses events; it costs no memory.
    if (!res.writableNeedDrain) res.write(`id: ${++count}\ndata: ${new Date().toISOString()}\n\n`)
  }
  send()
  const timer = setInterval(send, ms)
  const stop = () => res.end()
  stopping.addEventListener('abort', stop)
  res.once('close', () => {
    clearInterval(timer)
    stopping.removeEventListener('abort', stop)
  })
}

/** @param {Exchange} exchange */
function head ({ res, query }) {
  rejectUnknown(query, [])
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  const lines = ['To HEAD the same head is sent, and this body is not:\n', 'a write is ignored, and answers true.\n']
  res.setHeader('Content-Length', lines.join('').length)
  res.write(lines[0])
  res.end(lines[1])
}

/** @param {Exchange} exchange */
function empty ({ res, query }) {
  rejectUnknown(query, [])
  res.statusCode = 204
  res.write('A 204 has no body: this is ignored.')
  res.end()
}

/** @param {Exchange} exchange */
function untilClose ({ res, query }) {
  rejectUnknown(query, [])
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.removeHeader('Transfer-Encoding')
  res.setHeader('Connection', 'close')
  res.write('No Content-Length and no chunked coding:\n')
  res.end('the end of the connection is the end of the body.\n')
}

module.exports = { stream, large, encoded, events, head, empty, untilClose, pour }
