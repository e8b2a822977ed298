import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Claim, checkClaim } from '../../../runner/transport/claim.js'
import type { Session } from '../../../runner/transport/session.js'
import { temporaryFolder } from '../../support/playbook.js'
import { eventually, openShell, shells } from './shells.js'

const hasFlock = spawnSync('sh', ['-c', 'command -v flock']).status === 0
if (!hasFlock) console.warn('skipped: flock is not installed')

describe.skipIf(!hasFlock).each(shells.map((shell) => ({ name: shell.join(' '), shell })))(
  '$name',
  ({ shell }) => {
    const claim = (folder: string, run: string, waitSeconds = 0): Claim => ({
      run,
      owner: `é's ${run}`,
      waitSeconds,
      folder,
    })
    const open = (own: Claim, onUnlocked?: (why: string) => void): Session => {
      const session = openShell(shell, { claim: own, onUnlocked })
      onTestFinished(() => session.close())
      return session
    }
    /** What a script that changes something says, or why it was refused. */
    const change = async (session: Session, own: Claim, body = 'echo done'): Promise<string> => {
      const outcome = await session.run({ body, exclusive: true })
      if (outcome.kind !== 'exited') throw new Error(`expected an exit, got ${JSON.stringify(outcome)}`)
      try {
        checkClaim(outcome, own)
      } catch (error) {
        return (error as Error).message
      }
      return outcome.stdout.toString()
    }

    it('is held by the first that changes something, until it ends, and tells who that is', async () => {
      const folder = temporaryFolder()
      const [first, second] = [claim(folder, '1-a'), claim(folder, '2-b')]
      const [holder, other] = [open(first), open(second)]
      expect(await change(holder, first, 'sleep 60 >/dev/null 2>&1 & echo $!')).toMatch(/^\d+\n$/)
      expect(await change(other, second)).toBe("another run is changing this host: é's 1-a")
      expect(await change(other, second)).toBe("another run is changing this host: é's 1-a")
      expect(await other.run({ body: 'exit 3' })).toMatchObject({ kind: 'exited', code: 3 })
      // What a script has left running holds nothing.
      await holder.close()
      expect(await change(open(second), second)).toBe('done\n')
      expect(readFileSync(`${folder}/.tsplay.lock`, 'utf8')).toBe("2-b é's 2-b\n")
    })

    it('is one for all shells of a run', async () => {
      const own = claim(temporaryFolder(), '1-a')
      expect(await change(open(own), own)).toBe('done\n')
      expect(await change(open(own), own)).toBe('done\n')
    })

    it('is waited for by a run that may, and by the one that began first', async () => {
      const folder = temporaryFolder()
      const [held, older, patient] = [claim(folder, '5-a'), claim(folder, '4-b'), claim(folder, '6-c', 60)]
      const holder = open(held)
      await change(holder, held)
      const ran: string[] = []
      const waiting = [older, patient].map(async (own) => {
        const session = open(own)
        ran.push(await change(session, own))
        await session.close()
      })
      // Both have been refused at least once by the time a script of theirs would have ended.
      await change(open(claim(folder, '7-d')), claim(folder, '7-d'))
      expect(ran).toEqual([])
      await holder.close()
      await Promise.all(waiting)
      expect(ran).toEqual(['done\n', 'done\n'])
    })

    it('is none where there is no place for it: that is told, once a shell', async () => {
      const told: string[] = []
      const tell = (why: string): number => told.push(why)
      const own = claim('/nonexistent', '1-a')
      const homeless = open(own, tell)
      expect(await change(homeless, own)).toBe('done\n')
      expect(await change(homeless, own)).toBe('done\n')
      const locked = claim(temporaryFolder(), '1-a')
      expect(await change(open(locked, tell), locked)).toBe('done\n')
      expect(told).toEqual([expect.stringContaining('/run/user/UID')])
    })

    it('is not asked for by what only reads', async () => {
      const folder = temporaryFolder()
      const reads = open(claim(folder, '1-a'))
      await reads.run({ body: 'true' })
      expect(() => readFileSync(`${folder}/.tsplay.lock`)).toThrow()
      await eventually(() => reads.idle)
    })
  },
)
