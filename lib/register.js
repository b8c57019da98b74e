'use strict'

// `node --require sluice/register app.js`: every outgoing message of the process is ours.

const { required, fromEnvironment } = require('./environment')

/** @param {string} reason one line */
function giveUp (reason) {
  if (required) throw new Error(`sluice/register: ${reason}`)
  process.stderr.write(`sluice/register: ${reason}; Node writes its messages itself\n`)
}

// A wrong value is an error whatever follows: it would be silently ignored otherwise.
const options = fromEnvironment()
let sluice = null
try {
  sluice = require('./sluice')
} catch (error) {
  giveUp(error.message.split('\n')[0].replace(/\.$/, ''))
}
if (sluice !== null) {
  if (!sluice.native) giveUp(`there is no addon for ${process.platform}-${process.arch}`)
  else if (!sluice.install(options)) giveUp('something has patched the write or end of http.OutgoingMessage or http.ServerResponse before')
}
