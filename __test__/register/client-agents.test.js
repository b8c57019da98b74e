'use strict'

// Ways to a socket and away from it, with sluice registered and without.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'client-agents.js')
