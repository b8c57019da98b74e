'use strict'

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'turns.js')
