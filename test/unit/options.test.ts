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

  it.each([
    ['a="he said \\"hi\\"" b=\'it\\\'s\'', { a: 'he said "hi"', b: "it's" }],
    ['a=x"y z" b="c=d e=f" c=d=e', { a: 'x"y z"', b: 'c=d e=f', c: 'd=e' }],
    ['a="two\nlines"\n b=\'\' c=', { a: 'two\nlines', b: '', c: '' }],
    ['a=x\\ny b=C:\\\\x c="\\u00e9\\x41\\101"', { a: 'x\ny', b: 'C:\\x', c: 'éAA' }],
    ['a={{ b }} b={"k":1} c=[1,2] d=#x', { a: '{{ b }}', b: '{"k":1}', c: '[1,2]', d: '#x' }],
  ])('reads %j as Ansible does', (text, values) => {
    expect(Object.fromEntries(parseOptions(['-e', text]).extraVars)).toEqual(values)
  })

  it('warns of what YAML makes another number of', () => {
    const { extraVars, warnings } = parseOptions(['-e', '{a: 1.30, b: yes, c: 0644}'])
    expect(Object.fromEntries(extraVars)).toEqual({ a: 1.3, b: true, c: 420 })
    expect(warnings.map(({ message }) => message)).toEqual(['1.30 is read as the number 1.3'])
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
    [['-e', 'a=1 b'], /--extra-vars wants/],
    [['-e', 'a="1'], /--extra-vars wants/],
    [['-e', './vars.yaml'], /-e @\.\/vars\.yaml/],
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
