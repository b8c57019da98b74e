import sluice from './index.js'

export const {
  OutgoingMessage,
  ServerResponse,
  createServer,
  createSecureServer,
  install,
  uninstall,
  isEncoding,
  native
} = sluice

export default sluice
