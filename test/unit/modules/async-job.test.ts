import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { askJob, jobFields, newJobId, readJob, startJob } from '../../../runner/modules/async/job.js'
import { keeperScript } from '../../../runner/modules/async/scripts.js'
import { renderScript } from '../../../runner/transport/script.js'
import { shells } from '../../support/cases.js'
import { localHost } from '../../support/local-host.js'
import { temporaryFolder } from '../../support/playbook.js'

const kinds = shells()
afterAll(() => {
  for (const shell of kinds) shell.close()
})

const note = { fields: { cmd: 'x' }, limit: 20 }

describe.each(kinds)('jobs under $name', ({ argv, env }) => {
  it('start, run, and tell how they ended', async () => {
    const host = localHost(argv, { ...env, HOME: temporaryFolder() })
    const job = newJobId()
    expect((await askJob(host, job)).state).toBe('absent')
    const script = {
      body: 'cat; printf "%s\\n" "$word"; echo err >&2; exit 4',
      vars: { word: "it's" },
      stdin: 'in ',
    }
    const folder = await startJob(host, job, script, note)
    let report = await askJob(host, job)
    for (let tries = 0; report.state === 'running' && tries < 200; tries++) {
      await delay(10)
      report = await askJob(host, job)
    }
    expect(report).toMatchObject({ state: 'finished', folder, note, expired: false })
    const { completed } = report as Extract<typeof report, { state: 'finished' }>
    expect([completed.code, `${completed.stdout}`, `${completed.stderr}`]).toEqual([4, "in it's\n", 'err\n'])
    expect(() => jobFields(job, report)).toThrow('non-zero return code')
  })

  it('are kept by a script that runs under it', () => {
    const home = temporaryFolder()
    const folder = join(home, '.tsplay_async', 'j1')
    execFileSync('mkdir', ['-p', folder])
    writeFileSync(join(folder, 'program'), 'umask; echo out; exit 3')
    writeFileSync(join(folder, 'input'), '')
    const keeper = renderScript(keeperScript({ job: 'j1', limit: '20' })).toString()
    const [program, ...rest] = argv
    execFileSync(program!, [...rest, '-c', keeper, 'keeper', '0027'], { env: { ...env, HOME: home } })
    expect(readFileSync(join(folder, 'code'), 'utf8')).toBe('3\n')
    expect(readFileSync(join(folder, 'stdout'), 'utf8')).toBe('0027\nout\n')
  })

  it('are lost where their keeper is no more', async () => {
    const home = temporaryFolder()
    const host = localHost(argv, { ...env, HOME: home })
    const folder = await startJob(host, 'j1', { body: 'sleep 5' }, note)
    const keeper = readFileSync(join(folder, 'keeper'), 'utf8').trim()
    execFileSync('kill', ['-KILL', '--', `-${keeper}`])
    const report = await askJob(host, 'j1')
    expect(report.state).toBe('lost')
    expect(() => jobFields('j1', report)).toThrow('is gone')
  })
})

describe('the answer of a host', () => {
  const answer = (stdout: string) =>
    readJob({ code: 0, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0), truncated: false })

  it('keeps what a job printed as it is, empty lines and all', () => {
    const head = `state finished\nfolder /f\nstarted 1\nended 2\ncode 0\nabout ${JSON.stringify(note)}\n\n`
    const report = answer(`${head}\nstate lost\n\n`)
    expect(report).toMatchObject({ state: 'finished', startMs: 1000, endMs: 2000, note })
    expect(`${(report as { completed?: { stdout: Buffer } }).completed?.stdout}`).toBe('\nstate lost\n\n')
  })

  it('is refused where it is none', () => {
    expect(() => answer('state running\nfolder /f\nabout {\n\n')).toThrow('cannot be read')
    expect(() => answer(`state finished\nfolder /f\nabout ${JSON.stringify(note)}\n\n`)).toThrow('damaged')
  })
})
