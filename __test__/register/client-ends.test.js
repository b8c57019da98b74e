'use strict'

// Requests that end before their time, with sluice registered and without.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'client-ends.js')
