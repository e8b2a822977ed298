import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { inCgroupOf, isAlive, killRef, parseStat, refOf } from '../../lab/process.js'

const stat = (name: string): string =>
  `42 (${name}) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 11 12`

describe('parseStat', () => {
  it.each(['sh', 'a b', 'evil) R 1 2 3', '((('])(
    'reads state and start time whatever the name is: %s',
    (name) => {
      expect(parseStat(stat(name))).toEqual({ state: 'S', start: '987654' })
    },
  )

  it('reads nothing from nothing', () => expect(parseStat('')).toBeUndefined())
})

describe('a process reference', () => {
  it('is alive until its process ends, and only under its own start time and boot', async () => {
    const child = spawn('sleep', ['30'])
    await once(child, 'spawn')
    const ref = refOf(child.pid ?? 0)
    expect(isAlive(ref)).toBe(true)
    for (const other of [{ start: '1' }, { boot: 'another boot' }]) {
      const recycled = { ...ref!, ...other }
      expect(isAlive(recycled)).toBe(false)
      killRef(recycled)
    }
    expect(isAlive(ref)).toBe(true) // neither of them was killed under its pid
    killRef(ref)
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
    expect(isAlive(ref)).toBe(false)
  })

  it('is not alive when there is none', () => expect(isAlive(undefined)).toBe(false))
})

describe('inCgroupOf', () => {
  it.each([
    ['0::/tsplay-lab/tsl1a2b-s1/payload/system.slice/ssh.service', true],
    ['9:name=systemd:/tsplay-lab/tsl1a2b-s1\n0::/', true],
    ['0::/machine.slice/tsl1a2b-s1.scope/payload', true],
    ['0::/tsplay-lab/tsl1a2b-s10', false],
    ['0::/user.slice', false],
    ['', false],
  ])('%s: %s', (text, inside) => expect(inCgroupOf('tsl1a2b-s1', text)).toBe(inside))
})
