import ssh2, { type Client } from 'ssh2'
import { keyTypeOf } from './certificate.js'
import type { Identity } from './identities.js'
import { sshString, typeOfKey } from './wire.js'

/**
 * With ssh-host-certificates.ts and ssh-whole-packets.ts the one place that reaches into ssh2's inside (1.17.0, pinned;
 * test/unit/transport/ssh-hooks.test.ts fails when it changes), for what its interface does not give: certificates and
 * security keys, a key that is offered with its signature at once (a round trip less), and the methods that are left
 * after a key was not taken.
 */
interface Inside {
  readonly _protocol: Protocol
}

interface Protocol {
  authPK: (user: string, key: object, algorithm?: string, sign?: SignRequest) => void
  readonly _kex: { readonly sessionID: Buffer }
  readonly _handlers: Record<string, (...args: unknown[]) => void>
  readonly _packetRW: { readonly write: PacketWriter }
}

interface PacketWriter {
  readonly allocStart: number
  alloc(size: number): Buffer
  finalize(packet: Buffer): Buffer
}

type SignRequest = (data: Buffer, done: (signature: Buffer) => void) => void

/** What the host said about the login so far. */
export interface LoginHooks {
  /** An identity as an agent of ssh2 that holds nothing else. */
  agentOf(identity: Identity): object
  /** Methods the host still takes; null before it said so. Partial: the last one was taken, and another is wanted. */
  readonly left: readonly string[] | null
  readonly partial: boolean
}

/** Any key: ssh2 demands a parsed one to carry each of ours. */
const carrier = ssh2.utils.parseKey(
  `ssh-ed25519 ${Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(32, 1))]).toString('base64')}`,
) as ssh2.ParsedKey

const userauthRequest = 50

/** To be called right after `client.connect`. `waiting` brackets what a person or a device may take long for. */
export function hookLogin(client: Client, waiting: (begins: boolean) => void): LoginHooks {
  const protocol = (client as unknown as Inside)._protocol
  const identities = new WeakMap<object, Identity>()
  const original = protocol.authPK
  const state = {
    left: null as readonly string[] | null,
    partial: false,
    algorithms: undefined as readonly string[] | undefined,
  }
  observe(protocol, 'USERAUTH_FAILURE', (_, methods, partial) => {
    state.left = methods as string[]
    state.partial = partial as boolean
  })
  observe(protocol, 'EXT_INFO', (_, extensions) => {
    const named = (extensions as { name: string; algs?: string[] }[]).find(
      ({ name }) => name === 'server-sig-algs',
    )
    state.algorithms ??= named?.algs
  })
  protocol.authPK = (user, key, _algorithm, sign) => {
    const identity = identities.get(key)!
    const algorithm = signatureAlgorithm(typeOfKey(identity.blob), state.algorithms)
    const request = {
      user,
      blob: identity.blob,
      algorithm: publicAlgorithm(typeOfKey(identity.blob), algorithm),
    }
    const send = (signature?: Buffer): void =>
      sendAs(protocol, renderRequest(request, signature), () => original.call(protocol, user, carrier))
    const data = Buffer.concat([
      sshString(protocol._kex.sessionID),
      renderRequest(request, Buffer.alloc(0), true),
    ])
    if (sign) return sign(Buffer.concat([sshString(algorithm), data]), send)
    if (!identity.free) return send()
    identity.sign(data, algorithm).then(send, () => send())
  }
  return {
    agentOf: (identity) => new OneKeyAgent(identity, identities, waiting),
    get left() {
      return state.left
    },
    get partial() {
      return state.partial
    },
  }
}

/** An agent with one key; ssh2 hands it the data to sign with the algorithm in front, put there above. */
class OneKeyAgent extends ssh2.BaseAgent {
  readonly #identity: Identity
  readonly #known: WeakMap<object, Identity>
  readonly #waiting: (begins: boolean) => void

  constructor(identity: Identity, known: WeakMap<object, Identity>, waiting: (begins: boolean) => void) {
    super()
    this.#identity = identity
    this.#known = known
    this.#waiting = waiting
  }

  override getIdentities(callback: (error?: Error, keys?: ssh2.ParsedKey[]) => void): void {
    const key = Object.create(carrier) as ssh2.ParsedKey
    this.#known.set(key, this.#identity)
    callback(undefined, [key])
  }

  override sign(...args: unknown[]): void {
    const tagged = args[1] as Buffer
    const callback = args.at(-1) as (error?: Error, signature?: Buffer) => void
    const length = tagged.readUInt32BE(0)
    const algorithm = tagged.toString('latin1', 4, 4 + length)
    this.#waiting(true)
    this.#identity
      .sign(tagged.subarray(4 + length), algorithm)
      .finally(() => this.#waiting(false))
      .then(
        (signature) => callback(undefined, signature),
        (error: Error) => callback(error),
      )
  }
}

function observe(protocol: Protocol, name: string, see: (...args: unknown[]) => void): void {
  const original = protocol._handlers[name]!
  protocol._handlers[name] = (...args) => {
    see(...args)
    original(...args)
  }
}

/** RSA keys sign with SHA-2 where the host says it takes that (RFC 8332), everything else in the one way it can. */
function signatureAlgorithm(type: string, taken: readonly string[] | undefined): string {
  const key = keyTypeOf(type)
  if (key !== 'ssh-rsa') return key
  return ['rsa-sha2-512', 'rsa-sha2-256'].find((name) => taken?.includes(name)) ?? 'ssh-rsa'
}

/** The algorithm that is named for the key: a certificate has its own. */
function publicAlgorithm(type: string, signature: string): string {
  if (keyTypeOf(type) !== 'ssh-rsa') return type
  return type === 'ssh-rsa' ? signature : `${signature}-cert-v01@openssh.com`
}

/** RFC 4252 section 7: without a signature the question whether the key would do; `signed` is what is signed. */
function renderRequest(
  { user, blob, algorithm }: { user: string; blob: Buffer; algorithm: string },
  signature?: Buffer,
  signed = false,
): Buffer {
  return Buffer.concat([
    Buffer.from([userauthRequest]),
    sshString(user),
    sshString('ssh-connection'),
    sshString('publickey'),
    Buffer.from([signature ? 1 : 0]),
    sshString(algorithm),
    sshString(blob),
    ...(signature && !signed ? [sshString(signature)] : []),
  ])
}

/** Sends a payload in place of the one that `send` makes. */
function sendAs(protocol: Protocol, payload: Buffer, send: () => void): void {
  const { write } = protocol._packetRW
  const original = write.finalize
  write.finalize = () => {
    write.finalize = original
    const packet = write.alloc(payload.length)
    packet.set(payload, write.allocStart)
    return original.call(write, packet)
  }
  send()
}
