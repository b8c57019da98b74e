'use strict'

// Methods that a tracing agent has wrapped, before or after sluice was put there: each wrapper sees
// each call, once.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'agents.js', { late: true })
