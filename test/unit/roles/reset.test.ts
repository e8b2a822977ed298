import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { shells } from '../../support/cases.js'
import { temporaryFolder } from '../../support/playbook.js'

const script = fileURLToPath(new URL('../../../roles/k3s_reset/files/host.sh', import.meta.url))

/** What the role `k3s_service` makes of a server with OpenRC, as far as a reset has to find it, and what the user made beside it. */
const files = {
  'etc/init.d/k3s': '',
  'etc/logrotate.d/k3s': '',
  'etc/runlevels/default/k3s': '',
  'var/log/k3s.log': '',
  'var/log/k3s.log.1': '',
  'var/log/k3s-audit.log': '',
  'etc/conf.d/k3s': '',
  'etc/rancher/k3s/k3s.env': '',
}

describe.each(shells())('a reset with OpenRC, under $name', ({ argv, env, close }) => {
  const programs = mkdtempSync(join(tmpdir(), 'tsplay-rc-'))
  afterAll(() => {
    close()
    rmSync(programs, { recursive: true, force: true })
  })

  /** What it finds, of the service and of files, below a folder that stands for the root of a system. */
  const look = (dir: string, keep = '', also = '') => {
    const place = (path: string) => join(dir, path)
    const words = [place('data'), place('data'), place('units'), place('bin'), keep, also, '5', dir]
    const [command, ...rest] = argv
    const { status, stdout, stderr } = spawnSync(command!, [...rest, script, 'look', ...words], {
      encoding: 'utf8',
      env: { ...env, PATH: `${programs}:${env.PATH}` },
    })
    expect([status, stderr]).toEqual([0, ''])
    return stdout
      .split('\n')
      .filter((line) => /^(service|files|left settings) /.test(line))
      .map((line) => line.replace(`${dir}/`, ''))
  }
  /** OpenRC of a host where k3s has this status: 0 runs, 3 is stopped. */
  const openrc = (status: number) => {
    const text = `#!/bin/sh\n[ "$*" = "k3s status" ] || exit 1\nexit ${status}\n`
    spawnSync('sh', ['-c', 'cat >"$0" && chmod +x "$0"', join(programs, 'rc-service')], { input: text })
  }
  const ours = [
    'files etc/runlevels/default/k3s',
    'files etc/logrotate.d/k3s',
    'files var/log/k3s.log',
    'files var/log/k3s.log.1',
    'files etc/init.d/k3s',
  ]
  const theirs = ['left settings etc/conf.d/k3s', 'left settings var/log/k3s-audit.log']
  const last = 'files etc/rancher/k3s'

  test('finds the service, its log and what turns that over, and tells what the user made', () => {
    openrc(0)
    expect(look(temporaryFolder(files))).toEqual(['service k3s', ...ours, ...theirs, last])
    openrc(3)
    expect(look(temporaryFolder(files))).toEqual([...ours, ...theirs, last])
  })

  test('keeps logs, and takes settings, where that is asked for', () => {
    openrc(3)
    const found = look(temporaryFolder(files), 'logs', 'settings')
    expect(found).toEqual([
      ...ours.filter((line) => !line.includes('k3s.log')),
      'files etc/conf.d/k3s',
      'files var/log/k3s-audit.log',
      last,
    ])
  })

  test('takes a log and its rotation for somebody else’s where no service of OpenRC is', () => {
    const found = look(temporaryFolder({ 'etc/logrotate.d/k3s': '', 'var/log/k3s.log': '' }))
    expect(found).toEqual(['left settings etc/logrotate.d/k3s', 'left settings var/log/k3s.log'])
  })
})

describe.each(shells())('what a file of a runtime was, under $name', ({ argv, env, close }) => {
  afterAll(close)
  const run = (file: string, ...words: string[]): string => {
    const [command, ...rest] = argv
    const { status, stdout, stderr } = spawnSync(command!, [...rest, file, ...words], {
      encoding: 'utf8',
      env,
    })
    expect([status, stderr]).toEqual([0, ''])
    return stdout
  }
  const remember = script.replace('k3s_reset/files/host.sh', 'node_prep/files/remember.sh')
  /** A file that was like this, or was not there. */
  const host = (before?: string) => {
    const dir = temporaryFolder(before === undefined ? {} : { 'daemon.json': before })
    const [file, record] = [join(dir, 'daemon.json'), join(dir, 'etc/rancher/k3s/.tsplay-host')]
    const words = ['data', 'data', 'units', 'bin'].map((name) => join(dir, name))
    return {
      file,
      /** What the role does: it keeps what was there, and writes unless it is cut off. */
      becomes: (text: string, cut = false): void => {
        run(remember, record, `file ${file} ${createHash('sha256').update(text).digest('hex')}`)
        if (!cut) writeFileSync(file, text)
      },
      /** How a reset would deal with it. */
      found: (): string =>
        run(script, 'look', ...words, '', '', '5', dir)
          .split('\n')
          .filter((line) => line.endsWith(` ${file}`))
          .map((line) => line.replace(` ${file}`, ''))
          .join(),
    }
  }

  test('is kept as it was before the first change', () => {
    const { file, becomes, found } = host('{}')
    becomes('once')
    expect([readFileSync(`${file}.before-tsplay`, 'utf8'), found()]).toEqual(['{}', 'settings file'])
    becomes('twice')
    expect([readFileSync(`${file}.before-tsplay`, 'utf8'), found()]).toEqual(['{}', 'settings file'])
  })

  test('is known where there was none', () => {
    const { file, becomes, found } = host()
    becomes('once')
    becomes('twice')
    expect([existsSync(`${file}.before-tsplay`), found()]).toEqual([false, 'settings made'])
    rmSync(file)
    expect(found()).toBe('')
  })

  test('is left to somebody who has changed it, before a change of ours or after', () => {
    for (const theirs of [1, 2]) {
      const { file, becomes, found } = host('{}')
      becomes('once')
      if (theirs === 1) writeFileSync(file, 'mine')
      becomes('twice')
      if (theirs === 2) writeFileSync(file, 'mine')
      expect(found()).toBe('left runtime file')
    }
  })

  test('is the same after a run that was cut before it wrote', () => {
    const { file, becomes, found } = host('{}')
    becomes('once', true)
    expect(found()).toBe('settings file')
    becomes('twice')
    expect([readFileSync(`${file}.before-tsplay`, 'utf8'), found()]).toEqual(['{}', 'settings file'])
  })
})
