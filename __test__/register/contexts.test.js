'use strict'

// The asynchronous context of what http.request and https.request call back.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'contexts.js', { direct: true })
