'use strict'

// `npm run test:frameworks`: installs the frameworks where they are missing or out of date, and
// compares an app of each on stock Node and under `sluice/register`.

const fs = require('node:fs')
const path = require('node:path')
const { root } = require('./setup')
const { run, runNpm } = require('./run')

const folder = path.join(root, '__test__', 'frameworks')

function isCurrent () {
  const installed = fs.statSync(path.join(folder, 'node_modules', '.package-lock.json'), { throwIfNoEntry: false })
  return installed !== undefined &&
    installed.mtimeMs >= fs.statSync(path.join(folder, 'package-lock.json')).mtimeMs
}

async function main () {
  if (!isCurrent()) await runNpm(['ci', '--ignore-scripts'], { cwd: folder })
  const ava = path.join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs')
  await run(process.execPath, [ava], { cwd: folder })
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
