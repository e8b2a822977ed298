import { createConnection } from 'node:net'
import { sshString, wireReader } from './wire.js'

/** A key or certificate that an agent can sign with. */
export interface AgentKey {
  readonly blob: Buffer
  readonly comment: string
}

const [identitiesRequest, identitiesAnswer, signRequest, signAnswer] = [11, 12, 13, 14]
/** A person may have to confirm, or to touch a device. */
const signTimeoutMs = 60_000
const listTimeoutMs = 5000
const flags: Readonly<Record<string, number>> = { 'rsa-sha2-256': 2, 'rsa-sha2-512': 4 }

/**
 * What an agent holds (draft-miller-ssh-agent). ssh2's own client passes over certificates and security keys.
 * @throws Error when no agent answers
 */
export async function agentKeys(socket: string): Promise<AgentKey[]> {
  const answer = await request(socket, Buffer.from([identitiesRequest]), listTimeoutMs)
  if (answer[0] !== identitiesAnswer) throw new Error('the agent does not list its keys')
  const reader = wireReader(answer, 1)
  return Array.from({ length: reader.number() }, () => {
    const blob = Buffer.from(reader.string())
    return { blob, comment: reader.string().toString('utf8') }
  })
}

/** A signature as SSH sends it (algorithm and value). @throws Error when the agent does not give one */
export async function agentSign(
  socket: string,
  blob: Buffer,
  data: Buffer,
  algorithm: string,
): Promise<Buffer> {
  const flag = Buffer.alloc(4)
  flag.writeUInt32BE(flags[algorithm] ?? 0)
  const message = Buffer.concat([Buffer.from([signRequest]), sshString(blob), sshString(data), flag])
  const answer = await request(socket, message, signTimeoutMs)
  if (answer[0] !== signAnswer) throw new Error('the agent refused to sign')
  return Buffer.from(wireReader(answer, 1).string())
}

function request(path: string, message: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    let received = Buffer.alloc(0)
    const finish = (error?: Error): void => {
      socket.destroy()
      if (error) reject(error)
      else resolve(received.subarray(4, 4 + received.readUInt32BE(0)))
    }
    socket.setTimeout(timeoutMs, () => finish(new Error('the agent does not answer')))
    socket.once('error', finish)
    socket.once('close', () => finish(new Error('the agent hung up')))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) finish()
    })
    socket.write(sshString(message))
  })
}
