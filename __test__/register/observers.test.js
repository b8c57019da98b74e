'use strict'

// What Node tells those who observe its messages, with sluice registered and without.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'observers.js', { direct: true })
