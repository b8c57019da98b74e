'use strict'

// An app that is an ES module, by each way to load sluice.

const test = require('ava')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { root, register, fixture, runNode } = require('../support/registered')

const app = fixture('module.mjs')
const url = pathToFileURL(path.join(root, 'register.mjs')).href
const SLUICE_REQUIRED = '1'

const WAYS = {
  'by --require': [['--require', register, app]],
  'by --import': [['--import', url, app]],
  'by --import of the package': [['--import', 'sluice/register', app]],
  'by --import and --require': [['--import', url, '--require', register, app]],
  'by NODE_OPTIONS=--require': [[app], { NODE_OPTIONS: `--require=${JSON.stringify(register)}` }],
  'by NODE_OPTIONS=--import': [[app], { NODE_OPTIONS: `--import=${url}` }],
  'by an import of its own': [[fixture('module-that-registers.mjs')]]
}

async function scenesOf (t, nodeArguments, env) {
  const { code, signal, out, err } = await runNode(nodeArguments, { env, cwd: root })
  t.deepEqual({ code, signal, err }, { code: 0, signal: null, err: '' })
  const scenes = Object.fromEntries(out.trim().split('\n').map((line) => JSON.parse(line)).map(({ title, lines }) => [title, lines]))
  const { native, ...rest } = scenes
  return { native: Object.entries(JSON.parse(native[0])), scenes: rest }
}

const stock = []

for (const [title, [nodeArguments, env]] of Object.entries(WAYS)) {
  test(title, async (t) => {
    stock[0] ??= scenesOf(t, [app])
    const expected = await stock[0]
    t.is(Object.keys(expected.scenes).length, 4)
    t.deepEqual(expected.native.filter(([, isOurs]) => isOurs), [])
    const actual = await scenesOf(t, nodeArguments, { ...env, SLUICE_REQUIRED })
    t.deepEqual(actual.scenes, expected.scenes)
    t.is(actual.native.length, 4)
    t.deepEqual(actual.native.filter(([, isOurs]) => !isOurs), [], 'written by Node')
  })
}
