import type { Settings } from './settings.js'
import { ConnectError, type ConnectErrorCode } from './transport.js'

/** An error of ssh2 or of the socket; `level` is ssh2's name for the phase. */
export interface RawError extends Error {
  readonly level?: string
  readonly code?: string
}

const socketCodes: Readonly<Record<string, ConnectErrorCode>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
}

const hints: Partial<Record<ConnectErrorCode, string>> = {
  dns: 'check the name, or give an address with ansible_host',
  refused: 'does sshd run there, and on that port?',
  timeout: 'is the host up, and does a firewall let the port through?',
  unreachable: 'is there a route to the host?',
  closed: 'sshd may limit new connections (MaxStartups), or may not let this address in; its log tells',
}

/** What went wrong on the way to a host, in one line. */
export function connectError(settings: Settings, error: RawError): ConnectError {
  if (error instanceof ConnectError) return error
  const where = `${settings.address} port ${settings.port}`
  const code = codeOf(error)
  const messages: Partial<Record<ConnectErrorCode, string>> = {
    dns: `the name ${settings.address} cannot be resolved`,
    refused: `${where} refused the connection`,
    timeout: `${where} did not answer within ${settings.connectTimeoutMs / 1000} s`,
    unreachable: `there is no way to ${where} (${error.code ?? error.message})`,
    closed: `${where} closed the connection before the login (${error.message})`,
  }
  if (/no matching/i.test(error.message))
    return new ConnectError(
      'unreachable',
      `${where} shares no algorithm with tsplay: ${error.message}`,
      'newer sshd settings may allow only algorithms that are not supported here',
    )
  return new ConnectError(code, messages[code] ?? `${where}: ${error.message}`, hints[code])
}

function codeOf(error: RawError): ConnectErrorCode {
  if (error.level === 'client-timeout') return 'timeout'
  return socketCodes[error.code ?? ''] ?? 'closed'
}

/** The login was refused: what was offered, and what could not be. */
export function authError(
  settings: Settings,
  tried: readonly string[],
  problems: readonly string[],
): ConnectError {
  const offered =
    tried.length > 0 ? `it did not take ${tried.join(', ')}` : 'it takes none of what there is to offer'
  return new ConnectError(
    'auth',
    `${settings.name} does not let ${settings.user} in: ${offered}`,
    problems.length > 0
      ? problems.join('; ')
      : 'check the user (ansible_user), the key and ~/.ssh/authorized_keys on the host',
  )
}

/** Worth another try: the host was busy or starting. Never once authentication began, never for a host key. */
export function mayRetry(error: ConnectError): boolean {
  return error.code === 'refused' || error.code === 'timeout' || error.code === 'closed'
}
