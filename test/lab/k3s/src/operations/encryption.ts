import { createHash, randomBytes } from 'node:crypto'
import type { ServerContext } from '../api/context.js'
import { ApiError, changeObject, getObject, listObjects } from '../api/objects.js'
import { type KubeObject, nodes } from '../api/resources.js'
import { passFault } from '../core/faults.js'
import { sleep } from '../core/log.js'
import { localKv, update } from '../store/store.js'

/** The stages of a key rotation, as `k3s secrets-encrypt status` names them. */
export type Stage =
  | 'start'
  | 'prepare'
  | 'rotate'
  | 'reencrypt_request'
  | 'reencrypt_active'
  | 'reencrypt_finished'

export interface EncryptionState {
  enabled: boolean
  stage: Stage
  /** Key names, the active one first. */
  keys: string[]
}

export interface EncryptionStatus extends EncryptionState {
  hashes: string
}

export type EncryptVerb = 'status' | 'enable' | 'disable' | 'prepare' | 'rotate' | 'reencrypt' | 'rotate-keys'

const stateKey = '/secrets-encryption'
const hashAnnotation = 'k3s.io/encryption-config-hash'

function stateOf(context: ServerContext): EncryptionState | undefined {
  return localKv(context.store).data.get(stateKey)?.value as EncryptionState | undefined
}

function hashOf(state: EncryptionState): string {
  const text = JSON.stringify([state.enabled, state.keys])
  return `${state.stage}-${createHash('sha256').update(text).digest('hex')}`
}

const newKey = (): string =>
  `aescbckey-${new Date().toISOString().replace(/\.\d+/, '')}-${randomBytes(2).toString('hex')}`

/** At a server's start: makes the configuration when asked for, and shows which one this server has loaded. */
export async function loadEncryption(context: ServerContext): Promise<void> {
  if (context.config.bool('secrets-encryption'))
    await update<EncryptionState>(
      context.store,
      stateKey,
      (old) => old ?? { enabled: true, stage: 'start', keys: ['aescbckey'] },
    )
  await showHash(context)
}

async function showHash(context: ServerContext): Promise<void> {
  const state = stateOf(context)
  if (
    state === undefined ||
    getObject(localKv(context.store), nodes, undefined, context.nodeName) === undefined
  )
    return
  const hash = hashOf(state)
  await changeObject(context.store, nodes, undefined, context.nodeName, (node) => ({
    ...node,
    metadata: { ...node.metadata, annotations: { ...node.metadata.annotations, [hashAnnotation]: hash } },
  }))
}

function compareHashes(context: ServerContext): string {
  const isServer = (node: KubeObject): boolean =>
    node.metadata.labels?.['node-role.kubernetes.io/control-plane'] === 'true'
  const servers = listObjects(localKv(context.store), nodes).filter(isServer)
  const hash = (node: KubeObject | undefined): string => node?.metadata.annotations?.[hashAnnotation] ?? ''
  const other = servers.find((node) => hash(node) !== hash(servers[0]))
  return other === undefined
    ? 'All hashes match'
    : `hash does not match between ${servers[0]?.metadata.name} and ${other.metadata.name}`
}

/** What each step asks of the stage before, and what it makes of the state. */
const steps: Record<
  Exclude<EncryptVerb, 'status'>,
  { from: Stage[]; to(state: EncryptionState): EncryptionState }
> = {
  enable: { from: ['start', 'reencrypt_finished'], to: (state) => ({ ...state, enabled: true }) },
  disable: { from: ['start', 'reencrypt_finished'], to: (state) => ({ ...state, enabled: false }) },
  prepare: {
    from: ['start', 'reencrypt_finished'],
    to: (state) => ({ ...state, stage: 'prepare', keys: [...state.keys, newKey()] }),
  },
  rotate: {
    from: ['prepare'],
    to: (state) => ({ ...state, stage: 'rotate', keys: [...state.keys].reverse() }),
  },
  reencrypt: { from: ['rotate'], to: (state) => ({ ...state, stage: 'reencrypt_active' }) },
  'rotate-keys': {
    from: ['start', 'reencrypt_finished'],
    to: (state) => ({ ...state, stage: 'reencrypt_active', keys: [newKey(), ...state.keys] }),
  },
}

/** Runs one `k3s secrets-encrypt` command. @throws ApiError for a wrong stage or unequal servers */
export async function encryptionRequest(
  context: ServerContext,
  request: { verb: EncryptVerb; force?: boolean; skip?: boolean },
): Promise<EncryptionStatus> {
  await context.store.read()
  const state = stateOf(context)
  if (state === undefined) {
    if (request.verb === 'status')
      return { enabled: false, stage: 'start', keys: [], hashes: 'All hashes match' }
    throw new ApiError(
      500,
      'BadRequest',
      'secrets encryption is disabled; start the servers with --secrets-encryption first',
    )
  }
  if (request.verb !== 'status') await step(context, request.verb, state, request)
  return { ...(stateOf(context) ?? state), hashes: compareHashes(context) }
}

async function step(
  context: ServerContext,
  verb: Exclude<EncryptVerb, 'status'>,
  state: EncryptionState,
  { force = false, skip = false },
): Promise<void> {
  await passFault('secrets-encrypt', context.nodeName)
  const hashes = compareHashes(context)
  if (hashes !== 'All hashes match') throw new ApiError(500, 'BadRequest', hashes)
  if (!force && !steps[verb].from.includes(state.stage))
    throw new ApiError(500, 'BadRequest', `incorrect stage: ${state.stage} found on node ${context.nodeName}`)
  const next = steps[verb].to(state)
  await update<EncryptionState>(context.store, stateKey, () => next)
  await showHash(context)
  if (next.stage === 'reencrypt_active') void finish(context, skip)
}

/** Rewriting the secrets takes a moment; then only the new key is kept, if that is not to be skipped. */
async function finish(context: ServerContext, skip: boolean): Promise<void> {
  await sleep(1000)
  await update<EncryptionState>(context.store, stateKey, (state) =>
    state === undefined
      ? undefined
      : { ...state, stage: 'reencrypt_finished', keys: skip ? state.keys : state.keys.slice(0, 1) },
  )
  await showHash(context)
}
