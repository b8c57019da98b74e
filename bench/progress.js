'use strict'

// A progress bar on a terminal, a line for each tenth elsewhere.

/** @param {number} total steps */
function progress (total, stream = process.stderr) {
  const start = Date.now()
  let done = 0
  let told = -1
  return {
    /** @param {string} label of what begins */
    step (label) {
      const seconds = Math.round((Date.now() - start) / 1000)
      const line = `${done}/${total}  ${seconds} s  ${label}`
      if (stream.isTTY) {
        const filled = Math.round(done / total * 24)
        stream.write(`\r\x1b[K[${'█'.repeat(filled)}${' '.repeat(24 - filled)}] ${line}`.slice(0, stream.columns))
      } else if (Math.floor(done / total * 10) > told) {
        told = Math.floor(done / total * 10)
        stream.write(line + '\n')
      }
      done++
    },
    end () {
      if (stream.isTTY) stream.write('\r\x1b[K')
    }
  }
}

module.exports = { progress }
