'use strict'

// Messages that are given another prototype, as Express's.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'prototypes.js')
