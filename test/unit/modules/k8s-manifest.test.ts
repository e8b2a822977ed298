import { expect, test } from 'vitest'
import { covers, liveText, resourceWord, wantedText } from '../../../runner/modules/k8s/manifest.js'

const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { p: 'hunter2' } }
const live = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', uid: 'x' },
  data: { p: 'aHVudGVyMg==' },
}

test('what the cluster adds is no difference; what is given and differs is', () => {
  const wanted = {
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'a' },
    spec: { list: [{ a: 1 }], gone: null },
  }
  const now = { ...wanted, metadata: { name: 'a', uid: 'u' }, spec: { list: [{ a: 1, b: 2 }] }, status: {} }
  expect(covers(wanted, now)).toBe(true)
  expect(covers(wanted, { ...now, spec: { list: [{ a: 2 }] } })).toBe(false)
  expect(covers(wanted, { ...now, spec: { list: [{ a: 1 }, { a: 1 }] } })).toBe(false)
})

test('a secret is compared as the server keeps it, and never shown', () => {
  expect(covers(secret, live)).toBe(true)
  expect(covers({ ...secret, stringData: { p: 'other' } }, live)).toBe(false)
  for (const shown of [liveText(secret, live), wantedText(secret), wantedText(live)]) {
    expect(shown).not.toContain('hunter2')
    expect(shown).not.toContain('aHVudGVyMg==')
  }
})

test('kinds with a group are asked for with it', () => {
  expect(resourceWord({ apiVersion: 'apps/v1', kind: 'Deployment' })).toBe('Deployment.v1.apps')
  expect(resourceWord({ apiVersion: 'v1', kind: 'Pod' })).toBe('Pod')
})
