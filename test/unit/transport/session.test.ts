import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../runner/secrets/secret.js'
import type { Session } from '../../../runner/transport/session.js'
import { eventually, exited, openShell, shells } from './shells.js'

describe.each(shells.map((shell) => ({ name: shell.join(' '), shell })))('a kept $name', ({ shell }) => {
  let session: Session
  beforeEach(() => {
    session = openShell(shell)
  })
  afterEach(() => session.close())

  it('tells exit code, stdout and stderr apart', async () => {
    const result = await exited(session, 'echo out; echo err >&2; exit 3')
    expect(result).toMatchObject({ code: 3, stdout: 'out\n', stderr: 'err\n', truncated: false })
  })

  it('reports an exit code above 128 as an exit', async () => {
    expect((await exited(session, 'exit 137')).code).toBe(137)
  })

  it('keeps output as it is, without a newline at its end and with any byte', async () => {
    const result = await exited(session, String.raw`printf 'a\000\377\001b'`)
    expect(result.bytes).toEqual(Buffer.from('a\0\xff\x01b', 'latin1'))
  })

  it('shields the kept shell from what a script does', async () => {
    await exited(
      session,
      'set -e; cd /; leaked=1; export PATH=/nowhere LC_ALL=C.UTF-8; umask 000; false; echo never',
    )
    const after = await exited(session, 'echo "$leaked $LC_ALL"; command -v cat >/dev/null && false; echo on')
    expect(after.stdout).toBe(' C\non\n')
    expect((await exited(session, 'pwd')).stdout.trim()).toBe(process.cwd())
  })

  it.each(['echo "open', 'if true; then', ') ; echo out', '}', 'cat <<END\nx', '${', '`'])(
    'survives the syntax error %j',
    async (body) => {
      const broken = await session.run({ body })
      expect(broken.kind).toBe('exited')
      expect((await exited(session, 'echo fine')).stdout).toBe('fine\n')
    },
  )

  it('gives a script /dev/null to read', async () => {
    const [first, second] = await Promise.all([
      exited(session, 'cat; echo end'),
      exited(session, 'echo next'),
    ])
    expect([first.stdout, second.stdout]).toEqual(['end\n', 'next\n'])
  })

  it('gives a script the bytes it is to read, NUL and all', async () => {
    const stdin = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256))
    expect((await exited(session, { body: 'cat', stdin })).bytes).toEqual(stdin)
    expect((await exited(session, { body: 'cat', stdin: "-n %s \\n '" })).stdout).toBe("-n %s \\n '")
  })

  it('does not mind a script that leaves its input unread', async () => {
    const result = await exited(session, { body: 'exit 4', stdin: Buffer.alloc(300_000, 'x') })
    expect(result).toMatchObject({ code: 4, stderr: '' })
  })

  it('passes secrets and the environment', async () => {
    const script = {
      body: 'echo "$word"; env | grep -c "^word=" ; env | grep ^SEEN=',
      vars: { word: new Secret("pa'ss $(id)") },
      environment: { SEEN: 'a b', LC_ALL: 'C.UTF-8' },
    }
    expect((await exited(session, script)).stdout).toBe("pa'ss $(id)\n0\nSEEN=a b\n")
  })

  it('refuses NUL in a variable, and goes on', async () => {
    await expect(session.run({ body: 'true', vars: { v: 'a\0b' } })).rejects.toThrow(/NUL/)
    expect((await exited(session, 'echo fine')).stdout).toBe('fine\n')
  })

  it('answers many scripts that were written ahead, in their order', async () => {
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const { stdout } = await exited(session, { body: 'echo "$i"', vars: { i: String(index) } })
        order.push(Number(stdout))
      }),
    )
    expect(order).toEqual(Array.from({ length: 200 }, (_, index) => index))
  })

  it('is not fooled by output that looks like a marker', async () => {
    const result = await exited(session, String.raw`printf '\001%032d:1:e:0\n' 0; exit 5`)
    expect(result).toMatchObject({ code: 5, stdout: `\u0001${'0'.repeat(32)}:1:e:0\n` })
    expect((await exited(session, 'echo "$tsplay_nonce"')).stdout).toBe('\n')
  })

  it('drops what a process left behind prints between two scripts', async () => {
    await exited(session, '(sleep 0.1; echo late) & exit 0')
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect((await exited(session, 'echo mine')).stdout).toBe('mine\n')
  })

  it('bounds what it keeps, and still finds the end', async () => {
    const small = openShell(shell, { outputLimit: 1000 })
    let seen = 0
    const onOutput = (_: string, chunk: Buffer): void => {
      seen += chunk.length
    }
    const result = await exited(small, 'head -c 3000000 /dev/zero; exit 9', { onOutput })
    expect(result).toMatchObject({ code: 9, truncated: true })
    expect([result.bytes.length, seen]).toEqual([1000, 3_000_000])
    expect(await exited(small, 'echo x')).toMatchObject({ stdout: 'x\n', truncated: false })
    await small.close()
  })

  it('shows output as it comes', async () => {
    const seen: string[] = []
    const running = exited(session, 'echo one; sleep 0.3; echo two >&2', {
      onOutput: (stream, chunk) => seen.push(`${stream} ${chunk}`),
    })
    await eventually(() => seen.length === 1)
    expect(seen).toEqual(['stdout one\n'])
    await running
    expect(seen).toEqual(['stdout one\n', 'stderr two\n'])
  })

  it('finds programs in the sbin folders', async () => {
    const { stdout } = await exited(session, 'echo ":$PATH:"')
    for (const dir of ['/usr/local/sbin', '/usr/sbin', '/sbin', '/bin']) expect(stdout).toContain(`:${dir}:`)
  })
})
