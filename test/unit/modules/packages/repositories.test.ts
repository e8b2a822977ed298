import { describe, expect, test } from 'vitest'
import { aptRepository } from '../../../../runner/modules/apt-repository.js'
import { deb822Repository } from '../../../../runner/modules/deb822-repository.js'
import {
  sameSource,
  sourceFileName,
  withoutSource,
  withSource,
} from '../../../../runner/modules/packages/apt-sources.js'
import { renderDeb822, slugOf } from '../../../../runner/modules/packages/deb822.js'
import { yumRepository } from '../../../../runner/modules/yum-repository.js'

describe('lines of sources.list', () => {
  test.each([
    ['deb http://a/debian stable main', 'deb   http://a/debian\tstable  main # x', true],
    [
      'deb [arch=amd64 signed-by=/k] http://a stable main',
      'deb [ signed-by=/k arch=amd64 ] http://a stable main',
      true,
    ],
    ['deb [arch=amd64] http://a stable main', 'deb http://a stable main', false],
    ['deb http://a stable main', 'deb-src http://a stable main', false],
    ['deb http://a ./', 'deb http://a ./', true],
  ])('%s and %s', (left, right, same) => expect(sameSource(left, right)).toBe(same))

  const repo = 'deb http://a stable main'
  test('in their place', () => {
    expect(withSource(['# note', '#deb  http://a stable main', 'x'], repo)).toEqual(['# note', repo, 'x'])
    const lines = [`${repo} # kept`]
    expect(withSource(lines, repo)).toBe(lines)
    expect(withSource([], repo)).toEqual([repo])
    expect(withoutSource(['x', repo, repo], repo)).toEqual(['x'])
  })

  test.each([
    ['deb http://deb.debian.org/debian bookworm-backports main', 'deb_debian_org_debian'],
    ['deb [arch=amd64] https://user:secret@repo.example.org/apt/ stable main', 'repo_example_org_apt'],
  ])('the file of %s', (line, file) => expect(sourceFileName(line)).toBe(file))
})

test('a stanza, with a key in it', () => {
  const key = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n'
  const fields = {
    Enabled: true,
    Types: ['deb', 'deb-src'],
    URIs: 'http://a',
    Components: [],
    'Signed-By': key,
  }
  expect(renderDeb822({ name: 'My Repo', fields })).toBe(
    'X-Repolib-Name: My Repo\nEnabled: yes\nTypes: deb deb-src\nURIs: http://a\nSigned-By:\n' +
      ' -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END PGP PUBLIC KEY BLOCK-----\n',
  )
  expect(slugOf('My_Repo (é) 2')).toBe('my-repo--2')
})

const deb = { name: 'x', uris: 'http://a', suites: 'stable' }
test.each([
  [aptRepository, { repo: 'ppa:x/y' }],
  [aptRepository, { repo: 'deb http://a' }],
  [aptRepository, { repo: 'deb http://a stable main', filename: '../x' }],
  [deb822Repository, { ...deb, name: 'é' }],
  [deb822Repository, { name: 'x' }],
  [deb822Repository, { ...deb, suites: ['a\nb'] }],
  [deb822Repository, { ...deb, signed_by: 'key.asc' }],
  [yumRepository, { name: '../x', description: 'x', baseurl: 'file:///a' }],
  [yumRepository, { name: 'x', description: 'x' }],
  [yumRepository, { name: 'x', description: 'a\n[b]', baseurl: 'file:///a' }],
])('refused: %#', (module, raw) => expect(module.args.safeParse(raw).success).toBe(false))
