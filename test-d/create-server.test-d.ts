import * as http from 'node:http'
import * as https from 'node:https'
import { expectTypeOf } from 'expect-type'
import * as sluice from 'sluice'

// Node's own servers come back.
declare function takeServer (server: http.Server): void
declare function takeSecureServer (server: https.Server): void
const plain = sluice.createServer()
const secure = sluice.createSecureServer()
takeServer(plain)
takeSecureServer(secure)
sluice.createServer({ keepAlive: true, backpressure: 'high-water-mark', coalesce: false }).listen(0)
sluice.createSecureServer({ key: '', cert: '', coalesce: true })

// The listener's response is sluice's.
sluice.createServer((req, res) => {
  expectTypeOf(req).toEqualTypeOf<http.IncomingMessage>()
  expectTypeOf(res.flushWrites()).toEqualTypeOf<boolean>()
  expectTypeOf(res).toExtend<sluice.ServerResponse>()
})
sluice.createSecureServer({}, (req, res) => {
  expectTypeOf(res.flushWrites()).toEqualTypeOf<boolean>()
  expectTypeOf(res.req).toEqualTypeOf<http.IncomingMessage>()
})

// A listener made for stock Node fits.
const listener: http.RequestListener = (req, res) => { res.end(req.url) }
sluice.createServer(listener)
sluice.createServer({}, listener)

// A subclass in the options is what the listener gets.
class Response extends sluice.ServerResponse {
  json (value: unknown) { return this.end(JSON.stringify(value)) }
}
sluice.createServer({ ServerResponse: Response }, (req, res) => {
  expectTypeOf(res.json({})).toEqualTypeOf<typeof res>()
})
class Request extends http.IncomingMessage {
  id = 1
}
sluice.createServer({ IncomingMessage: Request }, (req) => {
  expectTypeOf(req.id).toEqualTypeOf<number>()
})

// Stock Node takes our class.
http.createServer({ ServerResponse: sluice.ServerResponse }, (req, res) => {
  expectTypeOf(res.flushWrites).toBeFunction()
})
https.createServer({ ServerResponse: Response }, (req, res) => {
  expectTypeOf(res.json).toBeFunction()
})

expectTypeOf<sluice.ServerOptions['backpressure']>().toEqualTypeOf<'kernel' | 'high-water-mark' | undefined>()
expectTypeOf<sluice.SecureServerOptions['coalesce']>().toEqualTypeOf<boolean | undefined>()
expectTypeOf<sluice.WriteOptions>().toEqualTypeOf<{
  backpressure?: sluice.Backpressure | undefined
  coalesce?: boolean | undefined
}>()

// @ts-expect-error an unknown kind of backpressure
sluice.createServer({ backpressure: 'none' })
// @ts-expect-error a number is no switch
sluice.createServer({ coalesce: 1 })
// @ts-expect-error an unknown option
sluice.createServer({ backPressure: 'kernel' })
// @ts-expect-error the options come first
sluice.createServer(() => {}, {})
// @ts-expect-error a class that is no response
sluice.createServer({ ServerResponse: Map })
// @ts-expect-error TLS options are for createSecureServer
sluice.createServer({ cert: '' })
// @ts-expect-error an unknown kind of backpressure
sluice.createSecureServer({ backpressure: true })

// install and uninstall
expectTypeOf(sluice.install()).toEqualTypeOf<boolean>()
expectTypeOf(sluice.install({ backpressure: 'high-water-mark', coalesce: false })).toEqualTypeOf<boolean>()
expectTypeOf(sluice.uninstall).returns.toEqualTypeOf<void>()
// @ts-expect-error a mode that does not exist
sluice.install({ backpressure: 'none' })
