import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Settings } from './settings.js'
import { connectError, type RawError } from './ssh-errors.js'
import { ConnectError } from './transport.js'

/**
 * ssh2 never sets TCP_NODELAY; without it a connection loses 40 ms to Nagle and delayed acknowledgements.
 * @throws ConnectError
 */
export function openTcp(settings: Settings, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  const { address, port, family, bindAddress } = settings
  return new Promise((resolve, reject) => {
    const options: TcpNetConnectOpts = { host: address, port, noDelay: true, family }
    const socket = connect(bindAddress === undefined ? options : { ...options, localAddress: bindAddress })
    const settle = (error?: RawError): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.removeListener('error', settle)
      if (error) {
        socket.on('error', () => {})
        socket.destroy()
        reject(connectError(settings, error))
      } else resolve(socket)
    }
    const onAbort = (): void => settle(new ConnectError('closed', 'the connecting was interrupted'))
    const timeout = Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })
    const timer = setTimeout(() => settle(timeout), Math.max(timeoutMs, 1))
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => settle())
    socket.once('error', settle)
  })
}
