'use strict'

// What the benchmark needs: its own dependencies, the C programs, the 50 MiB file.

const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { setup } = require('../scripts/setup')
const { run, runNpm, Failure } = require('../scripts/run')
const { FILE } = require('./apps')

const cache = path.dirname(FILE)
const time = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** @param {string} name of native/NAME.c, with `.node` for an addon */
const program = (name) => path.join(cache, name)

async function compile (name, ...flags) {
  const source = path.join(__dirname, 'native', `${path.parse(name).name}.c`)
  const header = path.join(__dirname, 'native', 'http.h')
  if (time(program(name)) > Math.max(time(source), time(header))) return
  await run('cc', ['-O2', '-Wall', ...flags, '-o', program(name), source])
}

function has (command, commandArguments) {
  return spawnSync(command, commandArguments, { stdio: 'ignore' }).error === undefined
}

/** Ready to measure, or a {@link Failure} that says in one line what is missing. */
async function prepare () {
  if (process.platform !== 'linux') throw new Failure('the benchmark runs on Linux: it pins processes and reads /proc')
  if (!has('wrk', ['-v'])) throw new Failure('wrk is missing: apt-get install wrk')
  if (!has('taskset', ['-V'])) throw new Failure('taskset is missing: apt-get install util-linux')
  if (!has('cc', ['--version'])) throw new Failure('a C compiler is missing: apt-get install gcc libc6-dev')
  await setup()
  const installed = path.join(__dirname, 'node_modules', '.package-lock.json')
  if (time(installed) < time(path.join(__dirname, 'package-lock.json'))) {
    await runNpm(['ci', '--include=dev', '--include=optional', '--loglevel=error'], { cwd: __dirname })
    fs.utimesSync(installed, new Date(), new Date())
  }
  fs.mkdirSync(cache, { recursive: true })
  for (const name of ['limit', 'load', 'stall', 'latency']) await compile(name)
  await compile('least.node', '-shared', '-fPIC', `-I${path.join(__dirname, 'node_modules', 'node-api-headers', 'include')}`)
  if (!fs.existsSync(FILE)) fs.writeFileSync(FILE, Buffer.alloc(50 * 1024 * 1024, 'a line of a file, '))
}

module.exports = { prepare, program, cache }
