import type { Config } from '../config/config.js'
import type { Critical } from '../config/critical.js'
import type { Store } from '../store/store.js'

/** Directories of one installation; all absolute, the overridable root included. */
export interface Dirs {
  data: string
  server: string
  agent: string
  tls: string
  db: string
}

/** What belongs to one running server. */
export interface ServerContext {
  config: Config
  dirs: Dirs
  nodeName: string
  nodeIp: string
  port: number
  /** The cluster's secret, without CA hash and user. Changes when it is rotated here. */
  token: string
  /** A secret for agents alone; undefined when none is set. */
  agentToken: string | undefined
  critical: Critical
  store: Store
  /** Node name → time of its last heartbeat; only filled at the leader. */
  beats: Map<string, number>
  /** Whether /readyz says yes. */
  ready: boolean
}
