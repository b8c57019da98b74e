'use strict'

// Subclasses of http.ClientRequest and http.OutgoingMessage, as classes and as functions.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'subclasses.js')
