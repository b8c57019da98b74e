'use strict'

const http = require('node:http')
const { createElement, Suspense, use } = require('react')
const { renderToPipeableStream } = require('react-dom/server')

module.exports = () => http.createServer((req, res) => {
  const later = new Promise((resolve) => setImmediate(resolve, 'later'))
  const Late = () => createElement('p', null, use(later))
  const page = createElement('main', null, createElement('h1', null, 'hello'),
    createElement(Suspense, { fallback: 'waiting' }, createElement(Late)))
  const { pipe } = renderToPipeableStream(page, {
    onAllReady () {
      res.setHeader('Content-Type', 'text/html')
      pipe(res)
    }
  })
})
