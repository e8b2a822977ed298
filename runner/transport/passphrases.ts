import type { KeyObject } from 'node:crypto'
import { decryptKey, type ParseKey } from './key-files.js'

/** Asks a person for something that is not to be shown. @throws Error where nobody can be asked */
export type Ask = (text: string, options: { private: boolean }) => Promise<string>

/** The keys that a person has unlocked in this run: each is asked for once, whatever comes of it. */
export interface Passphrases {
  /** Why a key cannot be unlocked at all. */
  refusal(file: string): string | undefined
  /** @throws Error, the same again for a key that could not be unlocked */
  unlock(file: string, data: Buffer): Promise<KeyObject>
}

export function passphrases(ask: Ask | undefined, parseKey: ParseKey): Passphrases {
  const unlocked = new Map<string, Promise<KeyObject>>()
  let turn: Promise<unknown> = Promise.resolve()
  const unlock = async (file: string, data: Buffer): Promise<KeyObject> => {
    const word = await ask!(`Passphrase of ${file}`, { private: true }).catch((error: Error) => {
      throw new Error(`${encrypted(file)} (${error.message})`)
    })
    const key = decryptKey(data, word, parseKey)
    if (!key) throw new Error(`that was not the passphrase of the key file ${file}`)
    return key
  }
  return {
    refusal: (file) => (ask ? undefined : encrypted(file)),
    unlock(file, data) {
      const known = unlocked.get(file)
      if (known) return known
      // One question after the other: two prompts on one terminal could not be told apart.
      const key = turn.then(() => unlock(file, data))
      turn = key.catch(() => undefined)
      unlocked.set(file, key)
      return key
    },
  }
}

function encrypted(file: string): string {
  return `the key file ${file} is encrypted: add it to an agent with ssh-add`
}
