'use strict'

// `node --require sluice/register app.js`: every outgoing message of the process is ours.

require('./dist/sluice.js').register()
