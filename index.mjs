import sluice from './index.js'

export const {
  OutgoingMessage,
  ServerResponse,
  createServer,
  createSecureServer,
  isEncoding,
  native
} = sluice

export default sluice
