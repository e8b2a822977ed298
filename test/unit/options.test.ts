import { describe, expect, it } from 'vitest'
import { InputError } from '../../runner/errors.js'
import { helpPage } from '../../runner/help.js'
import { optionTable, parseOptions } from '../../runner/options.js'
import { temporaryFolder } from '../support/playbook.js'

describe('options', () => {
  it('reads extra variables: text for key=value, types for YAML and JSON', () => {
    const { extraVars } = parseOptions([
      '-e',
      "a=1 b=true c='two words'",
      '-e',
      '{"d": 1, "e": [true]}',
      '-e',
      'f: 2',
    ])
    expect(Object.fromEntries(extraVars)).toEqual({
      a: '1',
      b: 'true',
      c: 'two words',
      d: 1,
      e: [true],
      f: 2,
    })
  })

  it('reads a file of extra variables, whose values keep their types', () => {
    const dir = temporaryFolder({ 'v.yaml': 'a: 1\nb: [x]\nc: <%= 1 %>\n', 'v.json': '{"a": true}' })
    const { extraVars } = parseOptions(['-e', `@${dir}/v.yaml`, '-e', 'd=@e'])
    expect(Object.fromEntries(extraVars)).toEqual({ a: 1, b: ['x'], c: '<%= 1 %>', d: '@e' })
    expect(parseOptions(['-e', `@${dir}/v.json`]).extraVars.get('a')).toBe(true)
  })

  it('lets a later extra variable win', () => {
    expect(parseOptions(['-e', 'a=1', '-e', 'a=2']).extraVars.get('a')).toBe('2')
  })

  it.each([
    [['--chek'], /unknown option --chek[\s\S]*--check/],
    [['--forks', '0'], /--forks must be a whole number above zero/],
    [['--output', 'xml'], /--output must be one of/],
    [['--fail-on-change'], /goes with --check/],
    [['-e', 'novalue'], /--extra-vars wants/],
    [['-e', '@/nonexistent'], /no such file/],
    [['-k', '--connection-password-file', 'f'], /--ask-pass and --connection-password-file do not go/],
    [['-c', 'winrm'], /--connection must be one of/],
    [['--ssh-common-args', '-o Proxy=1'], /--ssh-common-args: the ssh argument -o Proxy is not supported/],
    [['--user', '--check'], /'--user'|-u/],
    [['-e', 'facts=1'], /no variable can be named 'facts'/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(InputError)
    expect(() => parseOptions(argv)).toThrow(message)
  })

  it('takes ssh arguments as one word, and the other names of options', () => {
    expect(parseOptions(['--ssh-extra-args', '-o User=a -4', '--key-file=k', 'play.yaml'])).toMatchObject({
      sshExtraArgs: '-o User=a -4',
      privateKey: 'k',
      playbooks: ['play.yaml'],
    })
    expect(parseOptions(['--key-file', 'k', '--', '--key-file']).playbooks).toEqual(['--key-file'])
  })

  it('lists every option in the help', () => {
    for (const name of Object.keys(optionTable)) expect(helpPage()).toContain(`--${name}`)
  })
})
