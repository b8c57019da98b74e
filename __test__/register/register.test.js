'use strict'

// `sluice/register` in processes of their own: each scene prints the same as on stock Node.

const test = require('ava')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawn } = require('node:child_process')
const { pathToFileURL } = require('node:url')
const { once } = require('node:events')
const host = require('../support/host')

const root = path.join(__dirname, '..', '..')
const register = path.join(root, 'register.js')
const fixture = path.join(__dirname, 'fixtures', 'scenes.js')

/** @returns {Promise<{ code: number, out: string, err: string }>} */
async function run (values, env = {}) {
  const child = spawn(process.execPath, values, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text })
  child.stderr.setEncoding('utf8').on('data', (text) => { err += text })
  const [code] = await once(child, 'close')
  return { code, out, err }
}

/** Node 26 joins the chunks of one tick. */
const joins = host.joinsTick
const withoutChunks = (json) => json.replace(/\\r\\n[0-9a-f]{1,4}\\r\\n/g, '')

const SCENES = ['http', 'https', 'http2', 'duplex', 'identity', 'swap', 'upgrade', 'patched', 'injected', 'client',
  'contexts', 'observers', 'worker']

for (const scene of SCENES) {
  test(`${scene}: as on stock Node`, async (t) => {
    const stock = await run([fixture, scene])
    t.is(stock.code, 0, stock.err)
    t.not(stock.out, '')
    for (const mode of ['kernel', 'high-water-mark']) {
      const ours = await run(['--require', register, fixture, scene], { SLUICE_BACKPRESSURE: mode })
      t.is(ours.code, 0, ours.err)
      const comparable = ({ out }) => JSON.parse(joins && mode === 'kernel' ? withoutChunks(out) : out)
      t.deepEqual(comparable(ours), comparable(stock), mode)
    }
  })
}

const isOurs = `
  const http = require('node:http')
  const server = http.createServer((req, res) => { res.end(String(res.write.name === 'write' && 'flushWrites' in res)); server.close() })
  server.listen(0, () => http.get({ port: server.address().port, agent: false }, async (res) => { for await (const piece of res) console.log(String(piece)) }))
`

test('by --require, --import and NODE_OPTIONS; not without', async (t) => {
  const url = pathToFileURL(path.join(root, 'register.mjs')).href
  t.is((await run(['--eval', isOurs])).out, 'false\n')
  t.is((await run(['--require', register, '--eval', isOurs])).out, 'true\n')
  t.is((await run(['--import', url, '--eval', isOurs])).out, 'true\n')
  t.is((await run(['--eval', isOurs], { NODE_OPTIONS: `--require ${JSON.stringify(register)}` })).out, 'true\n')
})

test('a wrong value in the environment is one clear error', async (t) => {
  for (const [name, value] of [['SLUICE_BACKPRESSURE', 'none'], ['SLUICE_COALESCE', 'maybe'], ['SLUICE_REQUIRED', '2']]) {
    const { code, err } = await run(['--require', register, '--eval', '1'], { [name]: value })
    t.is(code, 1)
    t.regex(err, new RegExp(`ERR_INVALID_ARG_VALUE.*${name} must be one of`))
  }
})

test('without an addon: one line, and Node as it is; SLUICE_REQUIRED=1 makes it an error', async (t) => {
  const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-register-'))
  t.teardown(() => fs.rmSync(elsewhere, { recursive: true }))
  for (const name of ['index.js', 'register.js', 'dist']) fs.cpSync(path.join(root, name), path.join(elsewhere, name), { recursive: true })
  const without = path.join(elsewhere, 'register.js')
  const { code, out, err } = await run(['--require', without, '--eval', isOurs])
  t.is(code, 0)
  t.is(out, 'false\n')
  t.regex(err, /^sluice\/register: [^\n]+\n$/)
  const required = await run(['--require', without, '--eval', isOurs], { SLUICE_REQUIRED: '1' })
  t.is(required.code, 1)
  t.regex(required.err, /Error: sluice\/register: /)
})

test('a write that was wrapped before stays, and Node writes', async (t) => {
  const wrapped = `
    const http = require('node:http')
    const { write } = http.OutgoingMessage.prototype
    http.OutgoingMessage.prototype.write = function (...values) { console.log('seen'); return write.apply(this, values) }
    console.log(require(${JSON.stringify(root)}).install())
    const server = http.createServer((req, res) => { res.write('a'); res.end(); server.close() })
    server.listen(0, () => http.get({ port: server.address().port, agent: false }, (res) => res.resume()))`
  t.is((await run(['--eval', wrapped])).out, 'false\nseen\n')
})

test('uninstall gives the host its own back', async (t) => {
  const script = `
    const http = require('node:http')
    const all = () => JSON.stringify([http.OutgoingMessage, http.ServerResponse, http.ClientRequest].map(({ prototype }) =>
      Object.entries(Object.getOwnPropertyDescriptors(prototype)).map(([name, one]) => [name, one.enumerable, one.configurable])))
    const before = all()
    const { write } = http.OutgoingMessage.prototype
    const sluice = require(${JSON.stringify(root)})
    console.log(sluice.install(), sluice.install(), http.OutgoingMessage.prototype.write !== write)
    sluice.uninstall()
    console.log(all() === before, http.OutgoingMessage.prototype.write === write)`
  t.is((await run(['--eval', script])).out, 'true true true\ntrue true\n')
})
