'use strict'

// The asynchronous context of callbacks and events, on connections that write in the same tick.

const test = require('ava')
const { AsyncLocalStorage } = require('node:async_hooks')
const { stock, subject } = require('./support/subject')
const { startServer } = require('./support/servers')
const { RawClient } = require('./support/raw-client')
const { request } = require('./support/requests')

const NAMES = ['first', 'second', 'third']

/** Each request's callbacks and events, with the context that they run in. */
async function contexts (implementation, transport, script) {
  const storage = new AsyncLocalStorage()
  const logs = {}
  const waiting = []

  function listener (req, res) {
    waiting.push([req, res])
    if (waiting.length < NAMES.length) return
    // All in one tick, as when several requests are answered by one event.
    for (const [{ url }, response] of waiting) {
      const name = url.slice(1)
      const log = logs[name] = []
      const note = (what) => () => log.push(`${what} in ${storage.getStore()}`)
      storage.run(name, () => {
        for (const event of ['drain', 'finish', 'close']) response.on(event, note(event))
        script(response, note, storage)
      })
    }
  }

  const { address, close } = await startServer(implementation, { transport, options: { backpressure: 'kernel' }, listener })
  const clients = []
  for (const name of NAMES) {
    const client = await RawClient.connect(address)
    client.send(request('GET', `/${name}`))
    clients.push(client)
  }
  for (const client of clients) await client.closed
  await close()
  return logs
}

const scripts = {
  'writes and an end in a later tick' (res, note) {
    res.write('a', note('write a'))
    res.write('b', note('write b'))
    setImmediate(() => res.end('c', note('end')))
  },
  'a write alone, and the end in its callback' (res, note) {
    res.write('a', () => {
      note('write')()
      res.end(note('end'))
    })
  },
  'one end' (res, note) { res.end('all', note('end')) },
  'writes of one tick in several contexts' (res, note, storage) {
    storage.run('inner', () => res.write('a', note('write a')))
    res.write('b', note('write b'))
    storage.exit(() => res.end('c', note('end')))
  }
}

for (const transport of ['tcp', 'tls']) {
  for (const [title, script] of Object.entries(scripts)) {
    test.serial(`${title} (${transport})`, async (t) => {
      const expected = await contexts(stock, transport, script)
      const actual = await contexts(subject, transport, script)
      // In 'kernel' mode the drains are not Node's.
      for (const logs of [expected, actual]) {
        for (const name of NAMES) logs[name] = logs[name].filter((line) => !line.startsWith('drain'))
      }
      t.deepEqual(actual, expected)
    })
  }
}
