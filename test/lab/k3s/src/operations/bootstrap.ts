import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'
import { Fatal } from '../core/log.js'

/** Where the cluster's CAs lie in the datastore, encrypted with the token. */
export const bootstrapKey = '/bootstrap'

/** The CAs, encrypted: without the token of that day a snapshot cannot be used. */
export interface Sealed {
  salt: string
  iv: string
  tag: string
  data: string
}

function keyFrom(token: string, salt: Buffer): Buffer {
  return pbkdf2Sync(token, salt, 4096, 32, 'sha1')
}

export function seal(files: Record<string, string>, token: string): Sealed {
  const [salt, iv] = [randomBytes(8), randomBytes(12)]
  const cipher = createCipheriv('aes-256-gcm', keyFrom(token, salt), iv)
  const data = Buffer.concat([cipher.update(JSON.stringify(files), 'utf8'), cipher.final()])
  const text = (buffer: Buffer): string => buffer.toString('base64')
  return { salt: text(salt), iv: text(iv), tag: text(cipher.getAuthTag()), data: text(data) }
}

/** @throws Fatal in k3s's words when the token is another one */
export function unseal(sealed: Sealed, token: string): Record<string, string> {
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', keyFrom(token, bytes(sealed.salt)), bytes(sealed.iv))
  decipher.setAuthTag(bytes(sealed.tag))
  try {
    return JSON.parse(Buffer.concat([decipher.update(bytes(sealed.data)), decipher.final()]).toString('utf8'))
  } catch {
    throw new Fatal(
      'starting kubernetes: preparing server: bootstrap data already found and encrypted with different token',
    )
  }
}
