import { expectTypeOf } from 'expect-type'
import sluice, {
  createServer, createSecureServer, install, isEncoding, native, OutgoingMessage, ServerResponse, uninstall
} from 'sluice'
import type { Backpressure, Encoding, ServerOptions } from 'sluice'

// An ES module sees the named exports, and all of them in the default one.
expectTypeOf(sluice.createServer).toEqualTypeOf(createServer)
expectTypeOf(sluice.createSecureServer).toEqualTypeOf(createSecureServer)
expectTypeOf(sluice.isEncoding).toEqualTypeOf(isEncoding)
expectTypeOf(sluice.native).toEqualTypeOf(native)
expectTypeOf(sluice.install).toEqualTypeOf(install)
expectTypeOf(sluice.uninstall).toEqualTypeOf(uninstall)
expectTypeOf(sluice.OutgoingMessage).toEqualTypeOf(OutgoingMessage)
expectTypeOf(sluice.ServerResponse).toEqualTypeOf(ServerResponse)
expectTypeOf<ServerOptions['backpressure']>().toEqualTypeOf<Backpressure | undefined>()
expectTypeOf<'gbk'>().toExtend<Encoding>()

// @ts-expect-error there is no such export
export { register } from 'sluice'
