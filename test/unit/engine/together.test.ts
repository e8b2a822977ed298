import { beforeEach, expect, test } from 'vitest'
import { createAskHost } from '../../../runner/engine/together.js'
import type { Together } from '../../../runner/modules/together.js'
import type { Connection, Outcome, RunOptions, Script } from '../../../runner/transport/transport.js'

/** Questions that hold a word, and are answered with it. */
const together: Together = {
  join: (questions) => ({
    script: { body: 'all', vars: { words: questions.map(({ vars }) => vars!.word).join(' ') } },
    answers: (stdout) => {
      const answers = stdout.toString().split(' ')
      return answers.length === questions.length ? answers.map((answer) => Buffer.from(answer)) : undefined
    },
  }),
}
const question = (word: string, more: Partial<Script> = {}) => ({
  body: 'one',
  vars: { word },
  together,
  ...more,
})

const exited = (stdout: string, more: object = {}): Outcome => ({
  ...{ kind: 'exited', code: 0, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0), truncated: false },
  ...more,
})
const echo = ({ vars = {} }: Script): Outcome => exited(String(vars.word ?? vars.words))

let sent: Script[]
beforeEach(() => {
  sent = []
})
const connectionThat = (answer: (script: Script) => Outcome): Connection => ({
  user: 'u',
  run: async (script) => {
    sent.push(script)
    return answer(script)
  },
  upload: () => Promise.reject(new Error('not here')),
  close: async () => undefined,
})
const said = async (outcomes: Promise<Outcome>[]) =>
  (await Promise.all(outcomes)).map((outcome) =>
    outcome.kind === 'exited' ? outcome.stdout.toString() : outcome.kind,
  )
const bodies = () => sent.map(({ body }) => body)

test('questions of one kind that come at the same time are one script, equal ones asked once', async () => {
  const [ask, host] = [createAskHost(), connectionThat(echo)]
  const first = ['a', 'b', 'a'].map((word) => ask(host, question(word), {}))
  expect(await said(first)).toEqual(['a', 'b', 'a'])
  expect(await said([ask(host, question('c'), {})])).toEqual(['c'])
  expect(sent.map(({ body, vars }) => [body, vars])).toEqual([
    ['all', { words: 'a b' }],
    ['one', { word: 'c' }],
  ])
})

test('a part of the time that the script took is told of each', async () => {
  const [ask, host] = [
    createAskHost(),
    connectionThat((script) => ({ ...echo(script), ranMs: 10 }) as Outcome),
  ]
  const outcomes = await Promise.all(['a', 'b'].map((word) => ask(host, question(word), {})))
  expect(outcomes.map((outcome) => outcome.kind === 'exited' && outcome.ranMs)).toEqual([5, 5])
})

const ways: [string, Partial<Script>, RunOptions][] = [
  ['another user', {}, { become: { method: 'sudo', user: 'root' } }],
  ['another environment', { environment: { A: 'b' } }, {}],
  ['another limit', { timeoutMs: 5 }, {}],
  ['an input', { stdin: 'x' }, {}],
  ['output that is shown as it comes', {}, { onOutput: () => undefined }],
]
test.each(ways)('%s: asked apart', async (_what, more, options) => {
  const [ask, host] = [createAskHost(), connectionThat(echo)]
  await said([ask(host, question('a'), {}), ask(host, question('b', more), options)])
  expect(bodies()).toEqual(['one', 'one'])
})

test('another host, another kind, or none: asked apart', async () => {
  const [ask, host] = [createAskHost(), connectionThat(echo)]
  await said([
    ask(host, question('a'), {}),
    ask(connectionThat(echo), question('b'), {}),
    ask(host, { ...question('c'), together: { ...together } }, {}),
    ask(host, { body: 'one', vars: { word: 'd' } }, {}),
  ])
  expect(bodies()).toEqual(['one', 'one', 'one', 'one'])
})

test('the environment and the limit hold for the one script', async () => {
  const [ask, host] = [createAskHost(), connectionThat(echo)]
  const how = { environment: { A: 'b' }, timeoutMs: 5 }
  await said(['a', 'b'].map((word) => ask(host, question(word, how), {})))
  expect(sent).toMatchObject([{ body: 'all', ...how }])
})

const failures: [string, Outcome][] = [
  ['fails', exited('', { code: 1 })],
  ['printed too much', exited('a b', { truncated: true })],
  ['cannot be taken apart', exited('a b c')],
  ['takes too long', { ...exited(''), kind: 'timedOut', afterMs: 5 } as Outcome],
]
test.each(failures)('where the one script %s, each is asked alone', async (_what, outcome) => {
  const host = connectionThat((script) => (script.body === 'all' ? outcome : echo(script)))
  const ask = createAskHost()
  expect(await said(['a', 'b'].map((word) => ask(host, question(word), {})))).toEqual(['a', 'b'])
  expect(bodies()).toEqual(['all', 'one', 'one'])
})

test('where the connection is lost, that is the answer to all of them', async () => {
  const ask = createAskHost()
  const host = connectionThat(() => ({ kind: 'lost', sent: true, reason: 'gone' }))
  expect(await said(['a', 'b'].map((word) => ask(host, question(word), {})))).toEqual(['lost', 'lost'])
  expect(bodies()).toEqual(['all'])
})

test('a value that no shell can hold is an error of its question alone', async () => {
  const [ask, host] = [createAskHost(), connectionThat(echo)]
  const good = ask(host, question('a'), {})
  await expect(ask(host, question('b\0'), {})).rejects.toThrow('NUL')
  expect(await said([good])).toEqual(['a'])
})
