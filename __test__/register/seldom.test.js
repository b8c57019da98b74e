'use strict'

// Methods, options and events of messages that few programs use.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'seldom.js')
