'use strict'

const http = require('node:http')
const { Readable } = require('node:stream')
const Koa = require('koa')
const routes = require('../routes')

// Whether a read or a write finds first that the client has gone is of chance.
const LOST = ['ECONNRESET', 'EPIPE']

module.exports = (log) => {
  const app = new (Koa.default ?? Koa)()
  app.silent = true
  app.use(async (context, next) => {
    await next()
    log(`${context.method} ${context.url} ${context.status} ${context.length}`)
  })
  app.on('error', (error) => log(LOST.includes(error.code) ? 'lost' : error.code ?? error.message))
  app.use((context) => {
    const answers = {
      '/': () => { context.body = 'hello' },
      '/json': () => { context.body = { text: 'é'.repeat(1000) } },
      '/stream': () => { context.body = Readable.from(['one ', 'two ', 'three']) },
      '/events': () => {
        context.respond = false
        routes.events(context.res)
      },
      '/big': () => { context.body = routes.big },
      '/endless': () => { context.body = routes.endless() },
      '/broken': () => { context.body = routes.broken() },
      '/tagged': () => {
        context.body = 'tagged'
        context.etag = 'tagged'
        if (context.fresh) context.status = 304
      },
      '/empty': () => { context.status = 204 },
      '/early': () => { context.throw(413, 'too large') }
    }
    return answers[context.path]?.()
  })
  return http.createServer(app.callback())
}
