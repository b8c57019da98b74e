'use strict'

const neostandard = require('neostandard')

module.exports = [
  { ignores: ['target/', 'dist/', 'binding.js', 'binding.d.ts', '**/node_modules/', '.matrix/'] },
  ...neostandard({ ts: true }),
  {
    files: ['__test__/**/*.js'],
    // The tests name a callback by its first argument: cb('end').
    rules: { 'n/no-callback-literal': 'off' }
  },
  {
    files: ['examples/demo/public/**/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: {
        document: 'readonly',
        location: 'readonly',
        EventSource: 'readonly'
      }
    }
  }
]
