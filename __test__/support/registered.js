'use strict'

// Processes with sluice registered, and without.

const path = require('node:path')
const { spawn } = require('node:child_process')
const { once } = require('node:events')

const root = path.join(__dirname, '..', '..')
const register = path.join(root, 'register.js')
const fixture = (name) => path.join(__dirname, '..', 'fixtures', 'register', name)

/** This process's environment without what sets sluice. */
function plainEnvironment () {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SLUICE_|NODE_OPTIONS$)/.test(name)))
}

/**
 * @param {string[]} nodeArguments
 * @param {{ env?: Record<string, string>, cwd?: string }} [options]
 * @returns {Promise<{ code: number, signal: string, out: string, err: string }>}
 */
async function runNode (nodeArguments, { env = {}, cwd } = {}) {
  const child = spawn(process.execPath, nodeArguments, {
    cwd,
    env: { ...plainEnvironment(), NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text })
  child.stderr.setEncoding('utf8').on('data', (text) => { err += text })
  const [code, signal] = await once(child, 'close')
  return { code, signal, out, err }
}

/** The scenes of a file. @returns {Promise<Map<string, string[]>>} what each has noted */
async function runScenes (name, flags = [], env = {}) {
  const { code, signal, out, err } = await runNode([...flags, fixture(name)], { env })
  const scenes = out.split('\n').filter(Boolean).map((line) => JSON.parse(line))
  return { code, signal, err, notes: new Map(scenes.map(({ title, lines }) => [title, lines])) }
}

/**
 * Registers a test for each scene of a file: with sluice it must note what it notes without.
 * @param {import('ava').TestFn} test
 * @param {{ direct?: boolean, late?: boolean }} [options] `direct`: with sluice's own `createServer` as
 *   well, where nothing is registered; `late`: where the scenes themselves install it, as well
 */
function compareScenes (test, name, { direct = false, late = false } = {}) {
  const { titles } = require(fixture(name))
  const ways = {
    kernel: [['--require', register]],
    'high-water-mark': [['--require', register], { SLUICE_BACKPRESSURE: 'high-water-mark' }],
    ...late && { late: [[], { SLUICE_LATE: '1' }] },
    ...direct && { direct: [['--require', fixture('direct.js')]] }
  }
  let runs
  const once = () => (runs ??= Promise.all([runScenes(name), ...Object.values(ways).map((way) => runScenes(name, ...way))]))
  test(`${name}: runs to its end`, async (t) => {
    for (const { code, signal, err } of await once()) t.deepEqual({ code, signal, err }, { code: 0, signal: null, err: '' })
  })
  for (const title of titles) {
    test(title, async (t) => {
      const [stock, ...ours] = await once()
      const expected = stock.notes.get(title)
      t.truthy(expected?.length)
      for (const [n, way] of Object.keys(ways).entries()) t.deepEqual(ours[n].notes.get(title), expected, way)
    })
  }
}

module.exports = { root, register, fixture, runNode, runScenes, compareScenes }
