'use strict'

// Where the files of an app are gathered, bundled, or granted one by one.

const test = require('ava')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { root, register, runNode } = require('./support/registered')

const addon = fs.readdirSync(root).find((name) => /^sluice\..*\.node$/.test(name))
const bundle = path.join(root, 'dist', 'sluice.js')
const SLUICE_REQUIRED = '1'

test('what gathers the files of a deployment finds the addon', (t) => {
  // @vercel/nft takes each `*` of such an expression for any text.
  const [, pattern] = fs.readFileSync(bundle, 'utf8').match(/path\.join\(__dirname, "\.\.", `(.*?)`\)/)
  t.regex(addon, new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\$\{.*?\}/g, '[^.]*')}$`))
})

/** As a single executable, and most bundles, give it. */
const inBundle = `
  const Module = require('node:module')
  const load = (file, code) => {
    const module = { exports: {} }
    const ofBuiltins = (name) => {
      if (!Module.isBuiltin(name)) throw new Error('No such built-in module: ' + name)
      return require(name)
    }
    new Function('module', 'exports', 'require', '__filename', '__dirname', code)(
      module, module.exports, ofBuiltins, file, require('node:path').dirname(file))
    return module.exports
  }`

test('a require that knows no files', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-deployed-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  fs.cpSync(path.join(root, addon), path.join(directory, addon))
  const file = path.join(directory, 'app', 'bundle.js')
  const { out, err } = await runNode(['--eval', `${inBundle}
    const code = require('node:fs').readFileSync(${JSON.stringify(bundle)}, 'utf8')
    process.stdout.write(String(load(${JSON.stringify(file)}, code).api().native))`])
  t.deepEqual({ out, err }, { out: 'true', err: '' })
})

const known = process.allowedNodeEnvironmentFlags
const permission = ['--permission', '--experimental-permission'].find((flag) => known.has(flag))

if (permission !== undefined && known.has('--allow-addons')) {
  test('a process that may read the files of sluice, and no other', async (t) => {
    const files = [register, path.join(root, 'package.json'), bundle, path.join(root, addon)]
    const grants = files.map((file) => `--allow-fs-read=${file}`)
    const code = "process.stdout.write(String('flushWrites' in require('node:http').ServerResponse.prototype))"
    const { out, err } = await runNode(
      [permission, '--allow-addons', ...grants, '--require', register, '--eval', code], { env: { SLUICE_REQUIRED } })
    t.deepEqual({ out, err }, { out: 'true', err: '' })
  })
}
