'use strict'

// npm run bench:instructions -- [--update]
//
// Counts the instructions of the native core's hot functions, which are the same on a busy machine
// and on an idle one, and compares them with those of instructions.json.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { parseFlags } = require('./flags')
const { run, Failure } = require('../scripts/run')
const { root } = require('../scripts/setup')

const BASELINE = path.join(__dirname, 'instructions.json')
/** More than the baseline by this factor is a regression. */
const MOST = 1.05
const UPDATE = 'npm run bench:instructions -- --update'

/** @typedef {{ versions: Record<string, string>, instructions: Record<string, number> }} Counted */

function firstLine (command, commandArguments) {
  const { error, stdout } = spawnSync(command, commandArguments, { encoding: 'utf8' })
  return error === undefined ? stdout.split('\n')[0].trim() : undefined
}

/** What else the counts depend on: the compiler, and the C library for memory and copying. */
function versions () {
  return {
    architecture: os.arch(),
    rustc: firstLine('rustc', ['--version']) ?? 'unknown',
    libc: firstLine('getconf', ['GNU_LIBC_VERSION']) ?? 'unknown'
  }
}

/** @returns {Promise<string>} the program that bench/native/instructions.rs becomes */
async function build () {
  const { stdout } = await run('cargo', ['bench', '--no-run', '--bench', 'instructions', '--message-format=json'], { cwd: root, capture: true })
  const artifacts = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const program = artifacts.find(({ target, executable }) => target?.name === 'instructions' && executable)
  if (program === undefined) throw new Failure('cargo has built no program to count')
  return program.executable
}

// By a relative path and without variables: both stand on the stack, whose alignment decides which
// way a copy takes.
const inPlace = (program) => ({ cwd: path.dirname(program), env: {}, encoding: 'utf8' })

/** @returns {string[]} */
function names (program) {
  return spawnSync(`./${path.basename(program)}`, inPlace(program)).stdout.trim().split('\n')
}

/** @param {string} valgrind its path @returns {number} instructions of one function */
function count (valgrind, program, name) {
  const { stderr, status } = spawnSync(valgrind, ['--tool=callgrind', '--callgrind-out-file=/dev/null',
    '--collect-atstart=no', '--toggle-collect=*instructions::measured*', `./${path.basename(program)}`, name], inPlace(program))
  const collected = Number(/Collected : (\d+)/.exec(stderr)?.[1])
  if (status !== 0 || !(collected > 0)) throw new Failure(`valgrind counts nothing of "${name}": ${stderr.trim().split('\n').at(-1)}`)
  return collected
}

function findValgrind () {
  if (process.platform !== 'linux') throw new Failure('instructions are counted on Linux alone')
  const found = process.env.PATH.split(path.delimiter).map((directory) => path.join(directory, 'valgrind')).find((file) => fs.existsSync(file))
  if (found === undefined) throw new Failure('valgrind is missing: apt-get install valgrind')
  return found
}

/** @returns {string} Markdown */
function table (now, base) {
  const every = [...new Set([...Object.keys(base), ...Object.keys(now)])]
  const cell = (number) => number === undefined ? '–' : number.toLocaleString('en-US')
  const widths = [Math.max(...every.map((name) => name.length)), 9, 9, 6]
  const line = (cells) => `| ${cells.map((text, at) => at === 0 ? text.padEnd(widths[0]) : text.padStart(widths[at])).join(' | ')} |`
  return [line(['function', 'base', 'now', 'ratio']), line(widths.map((width) => '-'.repeat(width))),
    ...every.map((name) => line([name, cell(base[name]), cell(now[name]), base[name] && now[name] ? (now[name] / base[name]).toFixed(3) : '–']))].join('\n')
}

/** Prints the comparison; a {@link Failure} says what is wrong with it. @param {Counted} now @param {Counted} base */
function compare (now, base) {
  if (now.versions.architecture !== base.versions.architecture) {
    return console.log(`not compared: the baseline is of ${base.versions.architecture}, this is ${now.versions.architecture}`)
  }
  console.log(table(now.instructions, base.instructions))
  for (const name of Object.keys(now.versions)) {
    if (now.versions[name] !== base.versions[name]) console.log(`the baseline was counted with ${base.versions[name]}, this with ${now.versions[name]}`)
  }
  const every = new Set([...Object.keys(now.instructions), ...Object.keys(base.instructions)])
  const unpaired = [...every].filter((name) => !now.instructions[name] || !base.instructions[name])
  const worse = Object.entries(now.instructions).filter(([name, number]) => number > base.instructions[name] * MOST)
  const better = Object.entries(now.instructions).filter(([name, number]) => number * MOST < base.instructions[name])
  if (worse.length > 0) throw new Failure(`more than 5 % above the baseline: ${worse.map(([name]) => `"${name}"`).join(', ')}; if it is meant: ${UPDATE}`)
  if (unpaired.length > 0) throw new Failure(`not on both sides: ${unpaired.map((name) => `"${name}"`).join(', ')}; ${UPDATE}`)
  console.log(`none is more than 5 % above the baseline${better.length > 0 ? `; ${better.length} more than 5 % below it, which ${UPDATE} keeps` : ''}`)
}

async function main () {
  const { update } = parseFlags('bench:instructions', { update: { type: 'boolean', default: false } })
  const valgrind = findValgrind()
  const program = await build()
  /** @type {Counted} */
  const now = { versions: versions(), instructions: Object.fromEntries(names(program).map((name) => [name, count(valgrind, program, name)])) }
  if (update) {
    fs.writeFileSync(BASELINE, JSON.stringify(now, null, 2) + '\n')
    return console.log(`${Object.keys(now.instructions).length} functions written to ${path.relative(root, BASELINE)}`)
  }
  compare(now, JSON.parse(fs.readFileSync(BASELINE, 'utf8')))
}

main().catch((error) => {
  if (!(error instanceof Failure)) throw error
  console.error(`bench:instructions: ${error.message}`)
  process.exitCode = 1
})
