import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { probeFilePath } from '../../../runner/modules/files/path-plan.js'
import { type FileQuestion, probeFile } from '../../../runner/modules/files/probe.js'
import type { ProbeHost } from '../../../runner/modules/module.js'
import { probeUnit } from '../../../runner/modules/systemd/unit-probe.js'
import type { Question } from '../../../runner/modules/together.js'
import { shells } from '../../support/cases.js'
import { localHost } from '../../support/local-host.js'

const dir = mkdtempSync(join(tmpdir(), 'tsplay-together-'))
const names = ['plain', 'empty', 'a b', "it's", 'back\\slash', '$(no)', 'new\nline', '-n', 'grüße', 'bytes']
for (const name of names) writeFileSync(join(dir, name), name === 'empty' ? '' : `${name}\n`)
writeFileSync(join(dir, 'bytes'), Buffer.from([0, 1, 10, 255, 10]))
mkdirSync(join(dir, 'folder'))
writeFileSync(join(dir, 'folder/plain'), 'in it')
symlinkSync('plain', join(dir, 'link'))
symlinkSync('folder', join(dir, 'folder-link'))
symlinkSync('nowhere', join(dir, 'dangling'))
execFileSync('mkfifo', [join(dir, 'fifo')])
// A first reading sets the times of access, which are a part of the answer.
for (const name of [...names, 'folder/plain']) readFileSync(join(dir, name))
for (const folder of [dir, join(dir, 'folder'), '/']) readdirSync(folder)

const all = [...names, 'folder', 'folder/', 'link', 'folder-link', 'dangling', 'fifo', 'none', 'no/parent']
const paths = all.map((name) => join(dir, name)).concat(`${dir}/folder/`, '~/plain', '~', '/')
const sumOfPlain = execFileSync('sha256sum', [join(dir, 'plain')], { encoding: 'utf8' }).slice(0, 64)

/** The questions that a probe asks, without an answer. */
async function asked(probes: ((host: ProbeHost) => Promise<unknown>)[]): Promise<Question[]> {
  const questions: Question[] = []
  const host = {
    query: (question: Question) => {
      questions.push(question)
      return Promise.reject(new Error('asked'))
    },
  } as unknown as ProbeHost
  for (const probe of probes) await probe(host).catch(() => undefined)
  return questions
}

const manners: Omit<FileQuestion, 'path'>[] = [
  {},
  { follow: true, contentLimit: 100 },
  { contentLimit: 100, wantedSha: sumOfPlain },
  { contentLimit: 2, base: 'plain' },
  { hash: false },
]
const aboutFiles = [0, 1, 2].flatMap((turn) =>
  paths.map((path, at) => (host: ProbeHost) => probeFile(host, { path, ...manners[(at + turn) % 5] })),
)
const aboutPaths = paths.flatMap((path) =>
  [false, true].map(
    (recurse) => (host: ProbeHost) =>
      probeFilePath(host, {
        path,
        recurse,
        src: 'plain',
        force: false,
        follow: true,
        modification_time: 'preserve',
        access_time: 'preserve',
      }),
  ),
)

const available = shells()
afterAll(() => {
  for (const shell of available) shell.close()
  rmSync(dir, { recursive: true })
})

describe.each(available)('$name', ({ argv, env }) => {
  const host = localHost(argv, { ...env, HOME: dir })
  // One listing of / is as long as the machine is full.
  const isSmall = ({ vars }: Question) => !(vars?.path === '/' && vars.recurse === 'yes')

  test.each([
    ['files', aboutFiles],
    ['paths', aboutPaths],
  ])('%s: the answers of one script are those that each gives alone', async (_what, probes) => {
    const questions = (await asked(probes)).filter(isSmall)
    const { script, answers } = questions[0]!.together!.join(questions)
    const told = answers((await host.query(script)).stdout)
    const alone = await Promise.all(questions.map((question) => host.query(question)))
    expect(told!.map(String)).toEqual(alone.map(({ stdout }) => stdout.toString()))
  })

  test('one that cannot be looked at fails the whole script', async () => {
    const questions = await asked([
      (on) => probeFile(on, { path: join(dir, 'plain') }),
      (on) => probeFile(on, { path: join(dir, 'plain/below') }),
    ])
    const { script } = questions[0]!.together!.join(questions)
    await expect(host.query(script)).rejects.toThrow('not a directory')
  })
})

test('what is cut off, or holds too little, is no answer', async () => {
  const questions = await asked(aboutFiles.slice(0, 2))
  const { answers, script } = questions[0]!.together!.join(questions)
  const end = `\n${script.vars!.mark}\n`
  expect(answers(Buffer.from(`a${end}b${end}`))!.map(String)).toEqual(['a', 'b'])
  for (const text of ['', `a${end}`, `a${end}b`, `a${end}b${end}c${end}`, `a${end}b${end}c`])
    expect(answers(Buffer.from(text)), text).toBeUndefined()
})

test('a unit by a pattern, of a user, or none is asked alone', async () => {
  const order = { daemon_reload: false, daemon_reexec: false, no_block: false, force: false, timeout: 1 }
  const units = [
    { unit: 'a.service', scope: 'system' as const },
    { unit: 'a*', scope: 'system' as const },
    { unit: 'a.service', scope: 'user' as const },
    { unit: undefined, scope: 'system' as const },
  ]
  const questions = await asked(
    units.map((unit) => (host: ProbeHost) => probeUnit(host, { ...order, ...unit })),
  )
  expect(questions.map(({ together }) => together !== undefined)).toEqual([true, false, false, false])
})
