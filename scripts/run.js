'use strict'

// Child processes for the scripts beside this file.

const path = require('node:path')
const { spawn } = require('node:child_process')

/** A step that failed for a reason which the reader can act on: no stack is needed. */
class Failure extends Error {}

/**
 * Runs a command to its end, with its output on ours.
 * @param {string} command
 * @param {string[]} commandArguments
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {Record<string, string | undefined>} [options.env]
 * @param {boolean} [options.capture] keep standard output to ourselves
 * @param {boolean} [options.mayFail] resolve whatever the exit code is
 * @param {(line: string) => void} [options.onLine] called for each line of
 *   standard output, which is also printed
 * @returns {Promise<{ code: number, stdout: string }>}
 */
function run (command, commandArguments, { cwd, env, capture = false, mayFail = false, onLine } = {}) {
  const piped = capture || onLine !== undefined
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, {
      cwd,
      env: env ?? process.env,
      stdio: ['ignore', piped ? 'pipe' : 'inherit', 'inherit']
    })
    let stdout = ''
    let rest = ''
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      if (capture) stdout += text
      else process.stdout.write(text)
      if (onLine === undefined) return
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      lines.forEach((line) => onLine(line))
    })
    child.once('error', (error) => reject(new Failure(`${command} does not start: ${error.message}`)))
    child.once('close', (code, signal) => {
      if (rest !== '') onLine?.(rest)
      if (code === 0 || mayFail) return resolve({ code: code ?? 1, stdout })
      const how = signal === null ? `exit code ${code}` : signal
      reject(new Failure(`${[path.basename(command), ...commandArguments].join(' ')}: ${how}`))
    })
  })
}

/**
 * Runs the npm that runs us, or the one on PATH.
 * @param {string[]} npmArguments
 * @param {Parameters<typeof run>[2]} [options]
 */
function runNpm (npmArguments, options) {
  const cli = process.env.npm_execpath
  if (cli !== undefined && path.basename(cli) === 'npm-cli.js') {
    return run(process.execPath, [cli, ...npmArguments], options)
  }
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', npmArguments, options)
}

module.exports = { run, runNpm, Failure }
