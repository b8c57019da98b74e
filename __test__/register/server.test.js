'use strict'

// Servers and sockets, with sluice registered and without.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'server.js', { direct: true })
