'use strict'

// What the bundle has. Each is evaluated when it is first asked for: where the addon does not load, `register`
// tells of it, and what it needs itself is there.

module.exports = {
  api: () => require('./sluice'),
  register: () => require('./register')
}
