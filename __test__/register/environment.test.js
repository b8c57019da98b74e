'use strict'

// What the environment and the options of install() change, and what is said where sluice can't be loaded.

const test = require('ava')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { root, register, runNode, runScenes } = require('../support/registered')

const SLUICE_REQUIRED = '1'

/** Prints what a response tells of its writes. */
const PROBE = `
  const http = require('node:http')
  const server = http.createServer((req, res) => {
    res.write('first')
    setImmediate(() => {
      const small = res.write('second') && res.writableLength
      setImmediate(() => {
        const large = res.write(Buffer.alloc(100_000))
        console.log(JSON.stringify({
          coalesces: small > 0,
          answers: large,
          native: Object.hasOwn(req.socket, '_writev'),
          installed: 'flushWrites' in res
        }))
        res.end()
        server.close()
      })
    })
  })
  server.listen(0, '127.0.0.1', () => http.get({ port: server.address().port, host: '127.0.0.1', agent: false }, (res) => res.resume()))`

async function probe (t, nodeArguments, code, env) {
  const { code: exit, out, err } = await runNode([...nodeArguments, '--eval', code + PROBE], { env })
  t.deepEqual({ exit, err }, { exit: 0, err: '' })
  return JSON.parse(out)
}

const kernel = { coalesces: true, answers: true, native: true, installed: true }
const CHOICES = [
  ['nothing', {}, {}, kernel],
  ['empty values', {}, { SLUICE_COALESCE: '', SLUICE_BACKPRESSURE: '' }, kernel],
  ['coalesce: false', { coalesce: false }, { SLUICE_COALESCE: '0' }, { ...kernel, coalesces: false }],
  ['coalesce: true', { coalesce: true }, { SLUICE_COALESCE: 'true' }, kernel],
  ['backpressure: kernel', { backpressure: 'kernel' }, { SLUICE_BACKPRESSURE: 'kernel' }, kernel]
]

for (const [title, options, env, expected] of CHOICES) {
  test(`${title}: by the environment and by install`, async (t) => {
    t.deepEqual(await probe(t, ['--require', register], '', { ...env, SLUICE_REQUIRED }), expected)
    t.deepEqual(await probe(t, [], `require(${JSON.stringify(root)}).install(${JSON.stringify(options)});`), expected)
    const later = `const { install, uninstall } = require(${JSON.stringify(root)}); uninstall(); install(${JSON.stringify(options)});`
    t.deepEqual(await probe(t, ['--require', register], later, { SLUICE_COALESCE: '0', SLUICE_BACKPRESSURE: 'high-water-mark' }), expected)
  })
}

test('backpressure: high-water-mark, by the environment and by install', async (t) => {
  const { native: isNative, installed: isInstalled, ...stock } = await probe(t, [], '')
  t.deepEqual([isNative, isInstalled, stock.answers], [false, false, false])
  const expected = { ...stock, native: false, installed: true }
  const env = { SLUICE_BACKPRESSURE: 'high-water-mark', SLUICE_REQUIRED }
  t.deepEqual(await probe(t, ['--require', register], '', env), expected)
  t.deepEqual(await probe(t, [], `require(${JSON.stringify(root)}).install({ backpressure: 'high-water-mark' });`), expected)
})

for (const file of ['server.js', 'client.js', 'contexts.js']) {
  test(`${file}: nothing is said where sluice is required`, async (t) => {
    const { code, signal, err } = await runScenes(file, ['--require', register], { SLUICE_REQUIRED })
    t.deepEqual({ code, signal, err }, { code: 0, signal: null, err: '' })
  })
}

function directoryOf (t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-environment-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  return directory
}

function preloadOf (t, code) {
  const file = path.join(directoryOf(t), 'preload.js')
  fs.writeFileSync(file, code)
  return file
}

/** `register.js` of a copy of the package, with `prepare` done to it. */
function copyOf (t, prepare) {
  const elsewhere = directoryOf(t)
  for (const name of ['index.js', 'register.js', 'dist']) fs.cpSync(path.join(root, name), path.join(elsewhere, name), { recursive: true })
  prepare?.(elsewhere)
  return path.join(elsewhere, 'register.js')
}

/** Where sluice can't be loaded: one line and Node as it is, or the end of the process. */
async function refuses (t, flags, reason) {
  const { code, out, err } = await runNode([...flags, '--eval', PROBE])
  t.is(code, 0, err)
  const { native, installed } = JSON.parse(out)
  t.deepEqual({ native, installed }, { native: false, installed: false })
  t.regex(err, new RegExp(`^sluice/register: ${reason.source}; Node writes its messages itself\n$`))
  const required = await runNode([...flags, '--eval', PROBE], { env: { SLUICE_REQUIRED } })
  t.is(required.code, 1)
  t.is(required.out, '')
  t.regex(required.err, new RegExp(`Error: sluice/register: ${reason.source}\n`))
}

if (process.platform === 'linux') {
  const addon = fs.readdirSync(root).find((name) => /^sluice\..*\.node$/.test(name))
  const whole = fs.readFileSync(path.join(root, addon))
  const BROKEN = {
    missing: undefined,
    empty: Buffer.alloc(0),
    'no library': Buffer.from('not a library\n'),
    'cut off in its header': whole.subarray(0, 40),
    'cut off in its code': whole.subarray(0, 64 * 1024),
    'cut off before its end': whole.subarray(0, whole.length - 1),
    // e_machine of the ELF header.
    'for another machine': Buffer.from(whole).fill(0xff, 18, 20)
  }
  for (const [title, bytes] of Object.entries(BROKEN)) {
    test(`an addon that is ${title}`, async (t) => {
      const copy = copyOf(t, (directory) => bytes && fs.writeFileSync(path.join(directory, addon), bytes))
      await refuses(t, ['--require', copy], new RegExp(`sluice: ${addon} does not load; is it built \\(npm run build\\)\\? [^\\n]+[^.\\n]`))
    })
  }

  test('an addon that is missing has the code of a module that is', async (t) => {
    const index = path.join(path.dirname(copyOf(t)), 'index.js')
    const { out } = await runNode(['--eval', `try { require(${JSON.stringify(index)}) } catch ({ code }) { process.stdout.write(code) }`])
    t.is(out, 'MODULE_NOT_FOUND')
  })
}

const foreignPlatform = (t) => preloadOf(t, "Object.defineProperty(process, 'platform', { value: 'aix' })")

test('a platform that there is no addon for', async (t) => {
  const foreign = foreignPlatform(t)
  await refuses(t, ['--require', foreign, '--require', register], new RegExp(`there is no addon for aix-${process.arch}`))
})

test('an app with messages of ours, on a platform that there is no addon for', async (t) => {
  const foreign = foreignPlatform(t)
  const { out } = await runNode(['--require', foreign, '--eval', `
    const { createServer, native } = require(${JSON.stringify(path.join(root, 'index.js'))})
    const server = createServer({ backpressure: 'kernel' }, (req, res) => {
      const before = res.flushWrites()
      res.write('chunk')
      setImmediate(() => { res.end(JSON.stringify({ native, before, behind: res.flushWrites() })) })
    }).listen(0, async () => {
      const response = await fetch('http://localhost:' + server.address().port)
      process.stdout.write(await response.text())
      server.close().closeAllConnections()
    })`])
  t.is(out, 'chunk' + JSON.stringify({ native: false, before: true, behind: true }))
})

test('a second copy of sluice knows the first', async (t) => {
  const again = preloadOf(t, `
    for (const file of Object.keys(require.cache)) delete require.cache[file]
    require(${JSON.stringify(register)})`)
  t.deepEqual(await probe(t, ['--require', register, '--require', again], '', { SLUICE_REQUIRED }), kernel)
})

for (const name of ['OutgoingMessage', 'ServerResponse']) {
  for (const method of ['write', 'end']) {
    test(`${method} of ${name} that was wrapped before`, async (t) => {
      const wrapper = preloadOf(t, `
        const { prototype } = require('node:http').${name}
        const { ${method}: original } = prototype
        prototype.${method} = function (...values) { return original.apply(this, values) }`)
      await refuses(t, ['--require', wrapper, '--require', register],
        /something has patched the write or end of http\.OutgoingMessage or http\.ServerResponse before/)
    })
  }
}
