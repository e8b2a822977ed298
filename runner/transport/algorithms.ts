import { matchesList } from './pattern.js'

export type AlgorithmKind = keyof typeof supported

/**
 * A list of ssh_config (`a,b`, `+a`, `-a`, `^a`, with wildcards after `-`) applied to what is supported here. A list
 * of which nothing is supported leaves the default: `unmet` says so.
 */
export function applyList(
  kind: AlgorithmKind,
  list: string | undefined,
): { readonly names: string[]; readonly unmet: boolean } {
  const usual: readonly string[] = supported[kind]
  if (list === undefined) return { names: [...usual], unmet: false }
  const sign = /^[-+^]/.exec(list)?.[0]
  const words = list.slice(sign ? 1 : 0).split(',')
  const wanted = words.filter((name) => usual.includes(name) || legacy[kind].includes(name))
  if (sign === '-')
    return atLeastOne(
      usual.filter((name) => !matchesList(words, name)),
      usual,
    )
  if (sign === '+') return { names: [...new Set([...usual, ...wanted])], unmet: false }
  if (sign === '^') return { names: [...new Set([...wanted, ...usual])], unmet: false }
  return atLeastOne(wanted, usual)
}

function atLeastOne(names: string[], usual: readonly string[]): { names: string[]; unmet: boolean } {
  return names.length > 0 ? { names, unmet: false } : { names: [...usual], unmet: true }
}

/** What ssh2 1.17.0 speaks and OpenSSH offers by default; aes-gcm first: with AES in hardware it costs least. */
export const supported = {
  ciphers: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  kexalgorithms: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
  ],
  macs: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha1',
  ],
  hostkeyalgorithms: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
} as const

/** Spoken only with a host for which ssh_config asks for it: old devices know nothing better. */
const legacy: Readonly<Record<AlgorithmKind, readonly string[]>> = {
  ciphers: ['aes128-cbc', 'aes192-cbc', 'aes256-cbc', '3des-cbc'],
  kexalgorithms: [
    'diffie-hellman-group-exchange-sha1',
    'diffie-hellman-group14-sha1',
    'diffie-hellman-group1-sha1',
  ],
  macs: ['hmac-md5'],
  hostkeyalgorithms: ['ssh-rsa', 'ssh-dss'],
}

/** The types that known_hosts holds come first; an RSA key is one type there and several algorithms here. */
export function knownFirst(names: readonly string[], known: readonly string[]): string[] {
  const isKnown = (type: string): boolean => known.includes(type.startsWith('rsa-') ? 'ssh-rsa' : type)
  return [...names.filter(isKnown), ...names.filter((type) => !isKnown(type))]
}
