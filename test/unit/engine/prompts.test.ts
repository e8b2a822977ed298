import { describe, expect, it } from 'vitest'
import { exitCodes, Interrupted } from '../../../runner/errors.js'
import { play } from '../../support/playbook.js'

const playbook = (more: string) => `- hosts: web
  gather_facts: false
  vars_prompt: [{ name: word, prompt: Which, private: false${more} }]
  tasks: [{ debug: { msg: <%= word %> } }]
`

describe('vars_prompt', () => {
  it('confirm asks twice, and again where the answers differ', async () => {
    const once = await play(playbook(''), { answers: ['a', 'b'] })
    expect(once.messages).toEqual(['h1: a'])
    const twice = await play(playbook(', confirm: true'), { answers: ['a', 'b', 'c', 'c'] })
    expect(twice.messages).toEqual(['h1: c'])
    expect(twice.stdout).toContain("the two answers for 'word' differ")
  })

  it('takes the default where nothing is answered, and where nobody is there to answer', async () => {
    const withDefault = playbook(', default: <%= "x" + 1 %>')
    expect((await play(withDefault, { answers: [''] })).messages).toEqual(['h1: x1'])
    expect((await play(withDefault, { answers: ['a'] })).messages).toEqual(['h1: a'])
    expect((await play(withDefault)).messages).toEqual(['h1: x1'])
  })

  it('is left by Ctrl-C, a default notwithstanding', async () => {
    const ran = await play(playbook(', default: x'), { answers: [new Interrupted()] })
    expect(ran).toMatchObject({ exitCode: exitCodes.interrupted, messages: [], stderr: 'interrupted' })
  })

  it('confirm gives up in the end, a default notwithstanding', async () => {
    const answers = Array.from({ length: 20 }, (_, index) => `${index}`)
    const ran = await play(playbook(', confirm: true, default: x'), { answers })
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toContain("the two answers for 'word' differ, five times over")
  })

  it.each([
    ['encrypt: sha512_crypt', /'encrypt' of a prompt is not supported[\s\S]*openssl passwd/],
    ['salt_size: 7', /'salt_size' of a prompt is not supported/],
    ['confrim: true', /unknown key 'confrim' in a prompt[\s\S]*did you mean 'confirm'/],
  ])('refuses %s', async (more, message) => {
    const ran = await play(playbook(`, ${more}`), { answers: ['a'] })
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toMatch(message)
  })
})

describe('pause', () => {
  const pausing = (args: string) => `- hosts: web
  gather_facts: false
  tasks:
    - { pause: ${args}, register: rest }
    - { debug: { msg: "<%= rest.stdout.startsWith('Paused for') %> <%= rest.user_input %>" } }
`

  it('asks once for all hosts, and hands them the answer', async () => {
    const ran = await play(pausing('{ prompt: Go on }'), { answers: ['yes'], hosts: 2 })
    expect(ran.messages).toEqual(['h1: true yes', 'h2: true yes'])
  })

  it('with a time, says its prompt and waits; Enter goes on at once', async () => {
    const unseen = await play(pausing('{ prompt: The balancer takes notice, seconds: 0.01 }'))
    expect(unseen.messages).toEqual(['h1: true '])
    const said = unseen.events.flatMap((event) => (event.type === 'message' ? [event.text] : []))
    expect(said).toEqual(['The balancer takes notice'])
    const answered = await play(pausing('{ prompt: Wait, minutes: 60 }'), { answers: [''] })
    expect(answered.exitCode).toBe(exitCodes.ok)
  })

  it('with a time, ends by itself at the terminal, or by Ctrl-C', async () => {
    const ran = await play(pausing('{ prompt: Wait, seconds: 0.01 }'), { answers: [null] })
    expect(ran.exitCode).toBe(exitCodes.ok)
    const left = await play(pausing('{ prompt: Wait, minutes: 60 }'), { answers: [new Interrupted()] })
    expect(left.exitCode).toBe(exitCodes.interrupted)
  })

  it.each([
    ['{ seconds: 1, minutes: 1 }', 'give seconds, or minutes'],
    ['{ seconds: soon }', 'must be a number of seconds'],
  ])('refuses %s', async (args, message) => {
    expect((await play(pausing(args))).stderr).toContain(message)
  })

  it('is refused where hosts do not wait for each other', async () => {
    const free = pausing('{ seconds: 1 }').replace('gather_facts', 'strategy: free\n  gather_facts')
    expect((await play(free)).stderr).toContain("'pause' has no meaning with 'strategy: free'")
  })
})
