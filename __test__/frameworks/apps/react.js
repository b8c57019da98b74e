'use strict'

// The page's shell goes out first, what it waits for later, on the same response.

const http = require('node:http')
const { Readable } = require('node:stream')
const { createElement, Suspense, use } = require('react')
const { renderToPipeableStream, renderToReadableStream } = require('react-dom/server')
const web = require('react-dom/server.edge')

function createPage (text) {
  const later = new Promise((resolve) => setImmediate(() => setImmediate(resolve, text)))
  const Late = () => createElement('p', null, use(later))
  return createElement('main', null, createElement('h1', null, 'hello'),
    createElement(Suspense, { fallback: 'waiting' }, createElement(Late)))
}

/** Piped while it waits, or when all is there. */
function piped (res, text, when) {
  const { pipe } = renderToPipeableStream(createPage(text), {
    [when] () {
      res.setHeader('Content-Type', 'text/html')
      pipe(res)
    }
  })
}

async function readable (res, text) {
  const render = renderToReadableStream ?? web.renderToReadableStream
  res.writeHead(200, { 'Content-Type': 'text/html' })
  Readable.fromWeb(await render(createPage(text))).pipe(res)
}

module.exports = () => http.createServer((req, res) => {
  const answers = {
    '/shell': () => piped(res, 'later', 'onShellReady'),
    '/large': () => piped(res, 'later '.repeat(50_000), 'onShellReady'),
    '/web': () => readable(res, 'later '.repeat(50_000))
  }
  const answer = answers[req.url] ?? (() => piped(res, 'later', 'onAllReady'))
  answer()
})
