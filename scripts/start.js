'use strict'

// `npm start`: sets up what is missing, then runs the demo in this process, so
// that a signal reaches it directly.

const { setup } = require('./setup')
const { Failure } = require('./run')

setup().then(() => require('../examples/demo').main(), (error) => {
  if (!(error instanceof Failure)) throw error
  console.error(`sluice: ${error.message}`)
  process.exitCode = 1
})
