'use strict'

// A reload empties `require.cache`: the JavaScript is evaluated once more, and Node keeps the addon.

const test = require('ava')
const fs = require('node:fs')
const path = require('node:path')
const { execFile } = require('node:child_process')
const { promisify } = require('node:util')
const { startServer } = require('./support/servers')
const { RawClient } = require('./support/raw-client')
const { request } = require('./support/requests')
const { turns } = require('./support/event-loop')
const sluice = require('../index.js')

const root = path.join(__dirname, '..')
const ofSluice = (file) => file.startsWith(path.join(root, 'lib')) || file === path.join(root, 'index.js')

test('every file is loaded at once: later there may be no descriptor for it, or another version', (t) => {
  const loaded = new Set(Object.keys(require.cache))
  const files = fs.readdirSync(path.join(root, 'lib')).map((name) => path.join(root, 'lib', name))
  // What register alone needs, it loads itself.
  t.deepEqual(files.filter((file) => !loaded.has(file)).map((file) => path.basename(file)), ['environment.js'])
})

/** One server of each copy, and a client of it. */
async function start (copies) {
  return Promise.all(copies.map(async (copy, n) => {
    const side = { mark: String(n), serve: null }
    const { address, close } = await startServer(copy, { listener: (req, res) => side.serve(res) })
    return Object.assign(side, { client: await RawClient.connect(address, { paused: true }), close })
  }))
}

/** A request to each. @returns {Promise<import('node:http').ServerResponse[]>} */
function ask (sides) {
  return Promise.all(sides.map((side) => new Promise((resolve) => {
    side.serve = resolve
    side.client.send(request('GET', '/', { close: false }))
  })))
}

// By Buffers that are put aside, and by such that wait for the reader.
for (const size of [10, 3 << 20]) {
  test.serial(`two copies over one addon keep their connections apart: writes of ${size} bytes`, async (t) => {
    for (const file of Object.keys(require.cache).filter(ofSluice)) delete require.cache[file]
    const another = require('../index.js')
    t.not(another, sluice)
    const sides = await start([sluice, another])
    const total = 8 * size
    for (const round of [1, 2]) {
      const responses = await ask(sides)
      for (const res of responses) res.setHeader('Content-Length', total)
      for (let n = 0; n < 4; n++) {
        for (const [side, res] of responses.entries()) {
          for (let k = 0; k < 2; k++) res.write(Buffer.alloc(size, sides[side].mark))
        }
      }
      for (const res of responses) res.end()
      await turns(3)
      for (const { client } of sides) client.resume()
      for (const { mark, client } of sides) {
        await client.until(({ length }) => length > round * total)
        await client.until(({ bytes }) => bytes.indexOf('\r\n\r\n', bytes.lastIndexOf('HTTP/1.1')) + 4 + total === bytes.length)
        t.true(client.bytes.subarray(-total).equals(Buffer.alloc(total, mark)))
        client.pause()
      }
    }
    for (const { client, close } of sides) {
      client.destroy()
      await close()
    }
  })
}

for (const [how, last] of [['context', 0], ['cache', 2]]) {
  test.serial(`a copy that nothing reaches any more leaves no memory and no thread behind: by ${how}`, async (t) => {
    const fixture = path.join(__dirname, 'fixtures', 'copies.js')
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fixture, how])
    t.deepEqual(JSON.parse(stdout), { alive: last, threads: last })
  })
}
