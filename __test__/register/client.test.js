'use strict'

// http.request and https.request, with sluice registered and without.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'client.js')
