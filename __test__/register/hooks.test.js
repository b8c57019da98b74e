'use strict'

// A store that `async_hooks.createHook` carries from resource to resource, read in what a message calls.

const test = require('ava')
const { compareScenes } = require('../support/registered')

compareScenes(test, 'hooks.js')
