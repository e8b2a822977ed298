import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exitCodes, Interrupted } from '../../runner/errors.js'
import { parseOptions } from '../../runner/options.js'
import { readPasswords } from '../../runner/passwords.js'
import { temporaryFolder } from '../support/playbook.js'

/** The passwords that options and answers give, and what was asked. */
async function given(argv: readonly string[], answers: readonly string[] = []) {
  const asked: string[] = []
  const passwords = await readPasswords(parseOptions(argv), async (question) => {
    const answer = answers[asked.push(question) - 1]
    if (answer === undefined) throw new Error('there is no terminal to ask on')
    return answer
  })
  return { connection: passwords.connection?.reveal(), become: passwords.become?.reveal(), asked }
}

describe('passwords', () => {
  it('are asked for in turn, the second being the first where nothing is typed', async () => {
    expect(await given(['-k', '-K'], ['one', ''])).toEqual({
      connection: 'one',
      become: 'one',
      asked: ['SSH password', 'BECOME password [the SSH password]'],
    })
    expect(await given(['-k', '-K'], ['one', 'two'])).toMatchObject({ connection: 'one', become: 'two' })
    expect(await given(['-K'], ['two'])).toEqual({ become: 'two', asked: ['BECOME password'] })
    expect(await given(['-k'], ['one'])).toEqual({ connection: 'one', asked: ['SSH password'] })
    expect(await given([])).toEqual({ asked: [] })
  })

  it('come from the first line of a file', async () => {
    const file = join(temporaryFolder({ word: ' a b \r\nmore\n' }), 'word')
    expect(await given(['--conn-pass-file', file])).toMatchObject({ connection: ' a b ' })
    expect(await given(['--become-password-file', file])).toMatchObject({ become: ' a b ' })
    writeFileSync(file, '\nlater\n')
    await expect(given(['--become-password-file', file])).rejects.toThrow('the first line of')
    await expect(given(['--connection-password-file', `${file}.no`])).rejects.toThrow(
      'cannot be read (ENOENT)',
    )
  })

  it('without a terminal, or with Ctrl-C, end the run before it begins', async () => {
    await expect(given(['-k'])).rejects.toThrow(
      /--ask-pass: there is no terminal[\s\S]*--connection-password-file/,
    )
    const broken = readPasswords(parseOptions(['-K']), () => Promise.reject(new Interrupted()))
    await expect(broken).rejects.toMatchObject({ exitCode: exitCodes.interrupted })
  })
})
