import sluice = require('sluice')
import { expectTypeOf } from 'expect-type'

// A CommonJS module gets the exports as they are, without a default one.
expectTypeOf(sluice.createServer).toBeFunction()
expectTypeOf(sluice.isEncoding('gbk')).toEqualTypeOf<boolean>()
// @ts-expect-error the exports are not wrapped
expectTypeOf(sluice.default)
