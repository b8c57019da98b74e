'use strict'

// OpenTelemetry, whose spans stay in the process; loaded as agents/datadog.js is.

const { NodeTracerProvider, SimpleSpanProcessor, InMemorySpanExporter } = require('@opentelemetry/sdk-trace-node')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()
registerInstrumentations({
  instrumentations: [new HttpInstrumentation({
    headersToSpanAttributes: { server: { responseHeaders: ['content-type', 'x-length'] } }
  })]
})

module.exports = { exporter }
