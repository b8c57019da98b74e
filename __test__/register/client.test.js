'use strict'

// http.request and https.request, with sluice registered and without.

const test = require('ava')
const { compareScenes, runNode, register } = require('../support/registered')

compareScenes(test, 'client.js')

const DESTROYED = `
  const req = require('node:http').request({ port: 1, method: 'POST' })
  req.on('error', () => {}).on('close', () => console.log('close'))
  for (const text of ['', 'a', 'b']) req.write(text, (error) => console.log(text, error?.code))
  req.destroy(new Error('no more'))
`

// Node forgets them.
test('callbacks of a request that is destroyed before it has a socket', async (t) => {
  const { out } = await runNode(['--require', register, '--eval', DESTROYED])
  t.is(out, ' ERR_STREAM_DESTROYED\na ERR_STREAM_DESTROYED\nb ERR_STREAM_DESTROYED\nclose\n')
})
