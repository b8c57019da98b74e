'use strict'

// Sockets that leave HTTP for another protocol, or that come to it from one.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'handovers.js')
