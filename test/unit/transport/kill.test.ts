import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { eventually, exited, openShell, shells } from './shells.js'

const folder = mkdtempSync(join(tmpdir(), 'tsplay-session-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const alive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe.concurrent.each(shells.map((shell) => ({ name: shell.join(' '), shell })))(
  'a script in a kept $name',
  ({ shell }) => {
    it.concurrent('ends the whole process tree on a timeout, and the shell goes on', async ({ expect }) => {
      const session = openShell(shell)
      const file = join(folder, `tree-${shell[0]}`)
      const body =
        'trap "" TERM; sh -c "sleep 60 & echo \\$! >\\"\\$0\\"; wait" "$file" & echo partly; wait; echo never'
      const outcome = await session.run({ body, vars: { file }, timeoutMs: 300 })
      expect(outcome).toMatchObject({ kind: 'timedOut', afterMs: 300 })
      expect('stdout' in outcome && outcome.stdout.toString()).toBe('partly\n')
      expect(alive(Number(readFileSync(file, 'utf8')))).toBe(false)
      expect((await exited(session, 'echo on')).stdout).toBe('on\n')
      await session.close()
    })

    it.concurrent('lets a script that is killed clean up', async ({ expect }) => {
      const session = openShell(shell)
      const file = join(folder, `trap-${shell[0]}`)
      const body = 'trap \'rm -f "$file"; exit 1\' TERM EXIT; : >"$file"; while :; do sleep 5; done'
      await session.run({ body, vars: { file }, timeoutMs: 300 })
      expect(existsSync(file)).toBe(false)
      await session.close()
    })

    it.concurrent('kills a script on abort, and never begins those behind it', async ({ expect }) => {
      const session = openShell(shell)
      const file = join(folder, `abort-${shell[0]}`)
      const controller = new AbortController()
      const { signal } = controller
      const runs = [
        'echo $PPID >"$file"; exec sleep 60',
        'echo second >>"$file"',
        'echo third >>"$file"',
      ].map((body) => session.run({ body, vars: { file } }, { signal }))
      await eventually(() => existsSync(file) && readFileSync(file, 'utf8') !== '')
      controller.abort()
      expect((await Promise.all(runs)).map(({ kind }) => kind)).toEqual(['aborted', 'aborted', 'aborted'])
      expect(readFileSync(file, 'utf8')).not.toMatch(/second|third/)
      expect(session.alive).toBe(false)
      await session.close()
    })

    it.concurrent('aborts one script and runs the next', async ({ expect }) => {
      const session = openShell(shell)
      const controller = new AbortController()
      const slow = session.run({ body: 'sleep 60' }, { signal: controller.signal })
      const next = exited(session, 'echo next')
      setTimeout(() => controller.abort(), 100)
      expect((await slow).kind).toBe('aborted')
      expect((await next).stdout).toBe('next\n')
      await session.close()
    })

    it.concurrent('tells a death of the kept shell from an exit, and which scripts did not begin', async ({
      expect,
    }) => {
      const session = openShell(shell)
      const [killed, waiting] = await Promise.all([
        session.run({ body: 'echo before; kill -9 $$; sleep 0.1', timeoutMs: 4000 }),
        session.run({ body: 'echo never' }),
      ])
      expect(killed).toMatchObject({ kind: 'signalled', signal: 'SIGKILL' })
      expect(waiting).toEqual({ kind: 'notStarted' })
      expect(await session.run({ body: 'true' })).toEqual({ kind: 'notStarted' })
      await session.close()
    })
  },
)
