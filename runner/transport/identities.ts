import type { KeyObject } from 'node:crypto'
import { isCertificate, plainKey } from './certificate.js'
import { type KeyFile, type ParseKey, readKeyFile, readPublicBlob, signWith } from './key-files.js'
import type { Passphrases } from './passphrases.js'
import type { Settings } from './settings.js'
import { agentKeys, agentSign } from './ssh-agent.js'
import { typeOfKey } from './wire.js'

/** One public key or certificate that can be offered, and who signs for it. */
export interface Identity {
  readonly label: string
  readonly blob: Buffer
  /** Signing asks nobody and nothing: the host need not be asked first whether it would take the key. */
  readonly free: boolean
  /** @throws Error when it cannot be signed after all */
  sign(data: Buffer, algorithm: string): Promise<Buffer>
}

/** What can be offered, in order, and notes on what cannot, for the message when nothing else helps. */
export interface Identities {
  readonly identities: readonly Identity[]
  readonly problems: string[]
}

interface Signer {
  readonly label: string
  readonly blob: Buffer
  readonly rank: number
  readonly free: boolean
  readonly sign: Identity['sign']
}

/** In this order: keys somebody named, keys of the agent, OpenSSH's default keys, keys that need a passphrase. */
const ranks = { named: 0, agent: 1, default: 2, encrypted: 3 }

/**
 * The keys and certificates for a host. A certificate goes before every key, as with OpenSSH; a key that is in a file
 * and in the agent is offered once, and the agent signs where the file is encrypted or holds the public half.
 */
export async function loadIdentities(
  settings: Settings,
  passphrases: Passphrases,
  parseKey: ParseKey,
): Promise<Identities> {
  const problems: string[] = []
  if (!settings.methods.includes('publickey')) return { identities: [], problems }
  const agent = await agentSigners(settings.agent, problems)
  const files = await Promise.all(
    settings.identities.map(async (one) => ({ ...one, key: await readKeyFile(one.file, parseKey) })),
  )
  const signers = files.flatMap(({ file, given, key }) => {
    const signer = fileSigner(file, given, key, agent, passphrases, problems)
    return signer ? [signer] : []
  })
  const named = files.map(({ key }) => ('blob' in key ? key.blob : undefined))
  const rest = agent.filter(
    ({ blob }) => !settings.identitiesOnly || named.some((one) => one && sameKey(blob, one)),
  )
  const keys = [...signers, ...rest].filter(isFirst).sort((a, b) => a.rank - b.rank)
  const certificates = await certificateIdentities(settings, [...signers, ...agent])
  return { identities: [...certificates, ...keys].filter(isFirst), problems }
}

function isFirst<T extends { blob: Buffer }>(one: T, index: number, all: readonly T[]): boolean {
  return all.findIndex(({ blob }) => blob.equals(one.blob)) === index
}

async function agentSigners(socket: string | undefined, problems: string[]): Promise<Signer[]> {
  if (socket === undefined) return []
  try {
    const keys = await agentKeys(socket)
    return keys.map(({ blob, comment }) => ({
      label: `agent key ${comment || typeOfKey(blob)}`,
      blob,
      rank: ranks.agent,
      free: false,
      sign: (data, algorithm) => agentSign(socket, blob, data, algorithm),
    }))
  } catch (error) {
    problems.push(`the agent at ${socket} cannot be asked (${(error as Error).message})`)
    return []
  }
}

function fileSigner(
  file: string,
  given: boolean,
  key: KeyFile,
  agent: readonly Signer[],
  passphrases: Passphrases,
  problems: string[],
): Signer | undefined {
  const rank = given ? ranks.named : ranks.default
  const label = `key ${file}`
  if (key.kind === 'bad') {
    problems.push(key.problem)
    return undefined
  }
  if (key.kind === 'private') return { label, blob: key.blob, rank, free: true, sign: signerOf(key.key) }
  const held = key.blob && agent.find(({ blob }) => blob.equals(key.blob!))
  if (held) return { ...held, rank, label }
  if (key.kind === 'public') {
    problems.push(`the key file ${file} holds a public key; the private one is needed, there or in an agent`)
    return undefined
  }
  const refusal = passphrases.refusal(file)
  if (refusal || !key.blob) {
    problems.push(
      refusal ?? `the key file ${file} is encrypted, and its public half is not beside it (${file}.pub)`,
    )
    return undefined
  }
  const sign: Identity['sign'] = async (data, algorithm) => {
    try {
      return signWith(await passphrases.unlock(file, key.data), data, algorithm)
    } catch (error) {
      problems.push((error as Error).message)
      throw error
    }
  }
  return { label, blob: key.blob, rank: ranks.encrypted, free: false, sign }
}

function signerOf(key: KeyObject): Identity['sign'] {
  return async (data, algorithm) => signWith(key, data, algorithm)
}

/** CertificateFile, and what lies beside a key as `KEY-cert.pub`, where the key of the certificate can sign. */
async function certificateIdentities(settings: Settings, signers: readonly Signer[]): Promise<Identity[]> {
  const beside = settings.identities.map(({ file }) => `${file.replace(/\.pub$/, '')}-cert.pub`)
  const files = [...new Set([...settings.certificates, ...beside])]
  const found = await Promise.all(
    files.map(async (file) => {
      const blob = await readPublicBlob(file)
      const signer = blob && isCertificate(blob) && signers.find((one) => sameKey(blob, one.blob))
      return signer ? [{ ...signer, blob, label: `certificate ${file}` }] : []
    }),
  )
  const inAgent = settings.identitiesOnly ? [] : signers.filter(({ blob }) => isCertificate(blob))
  return [...found.flat(), ...inAgent]
}

/** Whether two blobs hold one key, also where one of them is a certificate (PROTOCOL.certkeys). */
function sameKey(one: Buffer, other: Buffer): boolean {
  return plainKey(one).equals(plainKey(other))
}
