import { reason } from '../core/log.js'
import { Unavailable } from './kv.js'

/** A key of etcd with the revision that wrote it last; a number beyond what JavaScript counts in is text. */
export interface Found {
  key: string
  value: string
  mod: string
}

/** What is written under a condition: the revision that a key was last written at, `0` for a key that must not be there. */
export interface Put {
  key: string
  value: string
  /** A lease: the key goes when nobody keeps that alive. */
  lease?: string
  ifMod?: string
}

/** An etcd outside the cluster, over its JSON gateway (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/). */
export interface Gateway {
  /** All keys that begin with a prefix. @throws Unavailable */
  list(prefix: string): Promise<Found[]>
  /** Whether the condition held. @throws Unavailable */
  put(put: Put): Promise<boolean>
  /** A new lease of so many seconds. @throws Unavailable */
  grant(seconds: number): Promise<string>
  /** Whether the lease was still there. @throws Unavailable */
  keepAlive(lease: string): Promise<boolean>
}

const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString('utf8')
/** The first key that no longer begins with a prefix. */
const behind = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

/** @param endpoints `http://host:2379`, several with commas between them, as `datastore-endpoint` has them */
export function etcdGateway(endpoints: string): Gateway {
  const call = async <T>(path: string, body: unknown): Promise<T> => {
    let last = ''
    for (const endpoint of endpoints.split(',')) {
      const url = `${endpoint.trim().replace(/\/$/, '')}/v3/${path}`
      try {
        const reply = await fetch(url, {
          method: 'POST',
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(3000),
        })
        if (reply.ok) return (await reply.json()) as T
        last = `${url}: ${reply.status} ${await reply.text()}`
      } catch (error) {
        last = `${url}: ${reason(error instanceof Error ? (error.cause ?? error) : error)}`
      }
    }
    throw new Unavailable(last)
  }
  return {
    async list(prefix) {
      interface Answer {
        kvs?: { key: string; value?: string; mod_revision: string }[]
      }
      const range = { key: encode(prefix), range_end: encode(behind(prefix)) }
      const { kvs = [] } = await call<Answer>('kv/range', range)
      return kvs.map((kv) => ({ key: decode(kv.key), value: decode(kv.value), mod: kv.mod_revision }))
    },
    async put({ key, value, lease, ifMod }) {
      const compare =
        ifMod === undefined ? [] : [{ key: encode(key), target: 'MOD', result: 'EQUAL', mod_revision: ifMod }]
      const put = { key: encode(key), value: encode(value), ...(lease === undefined ? {} : { lease }) }
      const answer = await call<{ succeeded?: boolean }>('kv/txn', {
        compare,
        success: [{ request_put: put }],
      })
      return answer.succeeded === true
    },
    grant: async (seconds) => (await call<{ ID: string }>('lease/grant', { TTL: seconds })).ID,
    keepAlive: async (lease) =>
      Number((await call<{ result?: { TTL?: string } }>('lease/keepalive', { ID: lease })).result?.TTL ?? 0) >
      0,
  }
}
