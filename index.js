'use strict'

// The write side of Node's HTTP messages, in Rust. See README.md. The source is in lib/; it loads as one file in
// half the time of thirty.

module.exports = require('./dist/sluice.js').api()
