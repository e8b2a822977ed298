import { expect, test } from 'vitest'
import { excludesOf, isExcluded } from '../../../../runner/modules/sync/exclude.js'

/** As rsync(1) tells of its patterns. */
test.each([
  ['*.swp', 'a/b.swp', false, true],
  ['*.swp', 'b.swp/c', false, true],
  ['*.swp', 'a/b.swp.x', false, false],
  ['/top', 'top', true, true],
  ['/top', 'a/top', true, false],
  ['a/b', 'x/a/b', false, true],
  ['a/b', 'x/a/c', false, false],
  ['a/*', 'x/a/c', false, true],
  ['a/*/c', 'a/b/b/c', false, false],
  ['a/**/c', 'a/b/b/c', false, true],
  ['dir/', 'x/dir', true, true],
  ['dir/', 'x/dir', false, false],
  ['dir/', 'x/dir/y', false, true],
  ['[!a]?', 'bc', false, true],
  ['[!a]?', 'ac', false, false],
  ['*', 'a/b', false, true],
  ['$(id)', '$(id)', false, true],
])('%s and %s (a folder: %s): %s', (pattern, path, isFolder, expected) => {
  expect(isExcluded(path, isFolder, [pattern])).toBe(expected)
})

test('no other option of rsync', () => {
  expect(excludesOf(['--exclude=a', '--exclude=b c'])).toEqual(['a', 'b c'])
  expect(excludesOf(['--exclude=a', '--rsh=sh'])).toBeUndefined()
  expect(excludesOf(['--exclude='])).toBeUndefined()
})
