'use strict'

// Small whole responses, whose socket is not taken over (lib/alone.js), where something throws or the socket changes.

const test = require('ava')
const { subject, stock } = require('./support/subject')
const { RawClient } = require('./support/raw-client')
const { startServer } = require('./support/servers')
const { request } = require('./support/requests')
const { wireText } = require('./support/normalise')

/** Beyond those that leave the socket as it is. */
const REQUESTS = 20

/**
 * What `answer(res, n)` throws, the counts of the socket behind each, and what the client gets.
 * @param {(res: import('http').ServerResponse, n: number) => void} answer
 */
async function served (kind, answer) {
  const log = []
  let n = 0
  const { address, close } = await startServer(kind, {
    listener: (req, res) => {
      const { socket } = req
      const note = (...values) => log.push(values.join(' '))
      res.on('finish', () => note('finish', res.writableFinished)).on('close', () => note('close', res.writableFinished && socket.bytesWritten))
      try {
        answer(res, n++)
      } catch (error) {
        note('thrown', error.message)
      }
    }
  })
  const client = await RawClient.connect(address)
  for (let sent = 0; sent < REQUESTS && !client.isClosed; sent++) {
    client.send(request('GET', `/${sent}`, { close: sent === REQUESTS - 1 }))
    const isAnswered = ({ text }) => text.split('HTTP/1.1 ').length > sent + 1 && text.endsWith(`answer ${sent}`)
    await Promise.race([client.closed, client.until(isAnswered).catch(() => {})])
  }
  await client.closed
  await close()
  return { log, wire: wireText(client.bytes) }
}

const ANSWERS = {
  'all alike': (res, n) => { res.end(`answer ${n}`) },
  'of bytes, with callbacks': (res, n) => { res.end(Buffer.from(`answer ${n}`), () => {}) },
  'a streamed one among them' (res, n) {
    if (n !== 3) return res.end(`answer ${n}`)
    res.setHeader('Content-Length', 8)
    res.write('answer ')
    res.end(`${n}`)
  },
  'one of many bytes among them': (res, n) => { res.end(`${n === 3 ? 'x'.repeat(1 << 20) : ''}\nanswer ${n}`) },
  'a write of the program to the socket': (res, n) => {
    res.end(`answer ${n}`)
    if (n === 4) res.on('finish', () => res.req.socket.write(''))
  },
  'what a listener of newListener throws' (res, n) {
    if (n !== 2) return res.end(`answer ${n}`)
    const refuse = (name) => { if (name === 'finish') throw new Error('no listener') }
    res.on('newListener', refuse)
    try {
      res.end(`answer ${n}`, () => {})
    } finally {
      res.off('newListener', refuse)
      if (!res.finished) res.destroy()
    }
  },
  'a handle that is a Proxy' (res, n) {
    const { socket } = res
    if (n === 0) {
      const handle = socket._handle
      socket._handle = new Proxy(handle, {
        get (target, name) {
          const value = Reflect.get(target, name, target)
          return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value
        },
        set: (target, name, value) => Reflect.set(target, name, value, target)
      })
    }
    res.end(`answer ${n}`)
  },
  'a handle that takes no property' (res, n) {
    if (n === 0) Object.preventExtensions(res.socket._handle)
    res.end(`answer ${n}`)
  }
}
for (const [title, answer] of Object.entries(ANSWERS)) {
  test.serial(title, async (t) => {
    const expected = await served(stock, answer)
    t.deepEqual(await served(subject, answer), expected)
    t.true(expected.log.length >= 5)
  })
}
