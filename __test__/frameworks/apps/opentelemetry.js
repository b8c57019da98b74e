'use strict'

const { NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')

module.exports = (log) => {
  const exporter = {
    export (spans, done) {
      for (const { name, attributes } of spans) log(`${name} ${attributes['http.status_code'] ?? attributes['http.response.status_code']}`)
      done({ code: 0 })
    },
    shutdown: async () => {}
  }
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  registerInstrumentations({ instrumentations: [new HttpInstrumentation()] })
  const http = require('node:http')
  const routes = require('../routes')
  return http.createServer((req, res) => req.url === '/stream' ? routes.stream(res) : res.end('hello'))
}
