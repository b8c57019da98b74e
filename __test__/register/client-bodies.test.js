'use strict'

// The bodies of requests, with sluice registered and without.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'client-bodies.js')
