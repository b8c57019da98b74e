'use strict'

// `npm run test:frameworks [-- VERSION...]`: installs the frameworks where they are missing or out of
// date, and compares an app of each on stock Node and under `sluice/register`: on this Node, or on
// those of `test:matrix` that are named (`all`: on each). Frameworks whose own `engines` leave a Node
// out are skipped there.

const fs = require('node:fs')
const path = require('node:path')
const { root } = require('./setup')
const { run, runNpm } = require('./run')
const { fetchNode, VERSIONS } = require('./matrix')

const folder = path.join(root, '__test__', 'frameworks')

function isCurrent () {
  const installed = fs.statSync(path.join(folder, 'node_modules', '.package-lock.json'), { throwIfNoEntry: false })
  return installed !== undefined &&
    installed.mtimeMs >= fs.statSync(path.join(folder, 'package-lock.json')).mtimeMs
}

async function main () {
  if (!isCurrent()) await runNpm(['ci', '--ignore-scripts'], { cwd: folder })
  const ava = path.join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs')
  const choice = process.argv.slice(2)
  const versions = choice.includes('all') ? VERSIONS : choice
  const binaries = versions.length > 0 ? await Promise.all(versions.map(fetchNode)) : [process.execPath]
  const failing = []
  for (const binary of binaries) {
    await run(binary, ['--version'])
    const { code } = await run(binary, [ava], { cwd: folder, mayFail: true })
    if (code !== 0) failing.push(binary)
  }
  if (failing.length > 0) throw new Error(`failed on ${failing.join(', ')}`)
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
