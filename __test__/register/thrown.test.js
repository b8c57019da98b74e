'use strict'

// What a callback or a listener throws is heard in the context, and the domain, of what was written.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'thrown.js')
