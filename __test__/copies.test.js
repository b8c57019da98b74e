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
const addon = fs.readdirSync(root).find((name) => /^sluice\..*\.node$/.test(name))
const ofSluice = (file) => file.startsWith(path.join(root, 'dist')) || file === path.join(root, 'index.js')

test('nothing is loaded later: there may be no descriptor for it then, or another version', (t) => {
  const loaded = Object.keys(require.cache).filter((file) => ofSluice(file) || file.endsWith('.node'))
  t.deepEqual(loaded.map((file) => path.relative(root, file)).sort(), ['dist/sluice.js', 'index.js', addon].sort())
  const asked = fs.readFileSync(path.join(root, 'dist', 'sluice.js'), 'utf8').matchAll(/\brequire\(["'](.*?)["']\)/g)
  t.deepEqual(Array.from(asked, ([, name]) => name).filter((name) => !name.startsWith('node:')), [])
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

for (const [how, last] of [['context', 0], ['cache', 1]]) {
  test.serial(`a copy that nothing reaches any more leaves no memory and no thread behind: by ${how}`, async (t) => {
    const fixture = path.join(__dirname, 'fixtures', 'copies.js')
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fixture, how])
    t.deepEqual(JSON.parse(stdout), { alive: last, threads: last })
  })
}
