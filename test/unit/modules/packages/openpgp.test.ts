import { expect, test } from 'vitest'
import { readKeys } from '../../../../runner/modules/packages/openpgp.js'
import { keyOne, keyTwo } from '../../../support/openpgp.js'

const fingerprints = (text: string) => readKeys(text, 'x').map(({ fingerprint }) => fingerprint)

test('the fingerprints that gpg tells', () => {
  expect(fingerprints(keyOne.text)).toEqual([keyOne.fingerprint])
  expect(fingerprints(`about\n${keyOne.text}\nand\n${keyTwo.text}`)).toEqual([
    keyOne.fingerprint,
    keyTwo.fingerprint,
  ])
})

test('headers and line ends make no difference', () => {
  const withHead = keyOne.text.replace('BLOCK-----\n', 'BLOCK-----\nVersion: rpm-4.18\nComment: a=b\n')
  expect(fingerprints(withHead.replaceAll('\n', '\r\n'))).toEqual([keyOne.fingerprint])
})

test.each([
  ['', 'x holds no armored OpenPGP key'],
  ['<html>', 'x holds no armored OpenPGP key'],
  [keyOne.text.slice(0, 300), 'x holds no armored OpenPGP key'],
  [keyOne.text.replace(/^AQIe.*\n/m, ''), 'x holds an OpenPGP key that is not whole'],
])('%j is no key', (text, message) => {
  expect(() => readKeys(text, 'x')).toThrow(message)
})
