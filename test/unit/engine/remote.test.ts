import { expect, test } from 'vitest'
import { createRemote } from '../../../runner/engine/remote.js'
import { createAskHost } from '../../../runner/engine/together.js'
import type { Connection } from '../../../runner/transport/transport.js'

const ask = createAskHost()

test('what a probe printed in part is no answer', async () => {
  const stdout = Buffer.from('a\nb')
  const outcome = { kind: 'exited', code: 0, stdout, stderr: Buffer.alloc(0), truncated: true }
  const connection = { run: async () => outcome } as unknown as Connection
  const signal = new AbortController().signal
  const connect = async () => connection
  const host = createRemote(connection, { name: 'h', user: 'u', environment: {}, signal, ask, connect })
  await expect(host.query({ body: 'x' })).rejects.toThrow(
    'more than is read of it (3 bytes): nothing is known',
  )
  expect((await host.run({ body: 'x' })).truncated).toBe(true)
})

test("an upload that does not come to its end is ended by the task's limit", async () => {
  const connection = {
    upload: (_content: unknown, _path: string, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'aborted' }))),
  } as unknown as Connection
  const { signal } = new AbortController()
  const options = { name: 'h', user: 'u', environment: {}, signal, ask, connect: async () => connection }
  const host = createRemote(connection, { ...options, timeoutMs: 50 })
  await expect(host.upload(Buffer.from('x'), '/f')).rejects.toThrow('timed out after 0.05 s')
  await expect(host.upload(Buffer.from('x'), '/f')).rejects.toThrow('timed out after 0.05 s')
})
