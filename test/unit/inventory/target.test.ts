import { describe, expect, it } from 'vitest'
import { parseSshArgs, splitWords } from '../../../runner/inventory/ssh-args.js'
import { becomeOf, type TargetOptions, targetOf } from '../../../runner/inventory/target.js'
import { Secret } from '../../../runner/secrets/secret.js'
import { failure, scopeOf } from '../expression/support.js'

function target(vars: Readonly<Record<string, unknown>>, options: TargetOptions = {}, name = 'h') {
  return targetOf(name, scopeOf(vars), options)
}

/** What the ssh arguments of a target set, as ssh_config would say it. */
const set = (vars: Readonly<Record<string, unknown>>): string[] =>
  (target(vars).sshArgs ?? []).map(({ keyword, words }) => [keyword, ...words].join(' '))

describe('targets', () => {
  it('leave to ~/.ssh/config what nobody says', () => {
    expect(target({})).toEqual({
      name: 'h',
      connection: 'ssh',
      address: 'h',
      port: undefined,
      user: undefined,
      identityFiles: [],
      password: undefined,
      hostKeyPolicy: undefined,
      hopHostKeyPolicy: undefined,
      connectTimeoutMs: undefined,
      sshArgs: [],
      configFile: undefined,
    })
  })

  it('take ssh arguments and a password from options, where no variable gives them', () => {
    const options: TargetOptions = {
      sshCommonArgs: '-J bastion',
      sshExtraArgs: '-p 2222',
      password: new Secret('typed'),
      connection: 'local',
    }
    const args = (vars: Readonly<Record<string, unknown>>): string[] =>
      target(vars, options).sshArgs!.map(({ keyword, words }) => [keyword, ...words].join(' '))
    expect(args({})).toEqual(['proxyjump bastion', 'port 2222'])
    expect(args({ ansible_ssh_args: '-4', ansible_ssh_common_args: '-J other' })).toEqual([
      'addressfamily inet',
      'proxyjump other',
      'port 2222',
    ])
    expect(target({}, options).password?.reveal()).toBe('typed')
    expect(target({ ansible_password: 'own' }, options).password?.reveal()).toBe('own')
    expect([
      target({}, options).connection,
      target({ ansible_connection: 'ssh' }, options).connection,
    ]).toEqual(['local', 'ssh'])
  })

  it('follow variables', () => {
    const vars = {
      ansible_host: '10.0.0.1',
      ansible_port: '2222',
      ansible_user: 'debian',
      ansible_ssh_private_key_file: '~/.ssh/id',
      ansible_ssh_pass: 'pw',
      ansible_timeout: 7,
    }
    expect(target(vars)).toMatchObject({
      address: '10.0.0.1',
      port: 2222,
      user: 'debian',
      identityFiles: ['~/.ssh/id'],
      connectTimeoutMs: 7000,
    })
    expect(target(vars).password?.reveal()).toBe('pw')
  })

  it('hand on what ssh arguments say', () => {
    const vars = {
      ansible_ssh_common_args:
        "-o UserKnownHostsFile='/tmp/k /tmp/l' -oStrictHostKeyChecking=accept-new -i ~/other -o ControlMaster=auto -C",
      ansible_ssh_extra_args: `-J a,b@c:23 -F /etc/other -A -6 -o 'ProxyCommand=nc -X "5 %h" %p'`,
    }
    expect(set(vars)).toEqual([
      'userknownhostsfile /tmp/k /tmp/l',
      'stricthostkeychecking accept-new',
      'identityfile ~/other',
      'proxyjump a,b@c:23',
      'forwardagent yes',
      'addressfamily inet6',
      'proxycommand nc -X "5 %h" %p',
    ])
    expect(target(vars).configFile).toBe('/etc/other')
  })

  it('take an IPv6 address in brackets', () => {
    expect(target({ ansible_host: '[fe80::1%eth0]' }).address).toBe('fe80::1%eth0')
    expect(target({ ansible_host: 'node[1]' }).address).toBe('node[1]')
  })

  it('take variables before options, and options before defaults', () => {
    const options = { user: 'cli', port: 24, connection: 'ssh', privateKey: '/k', connectTimeoutMs: 1 }
    expect(target({}, options)).toMatchObject({
      user: 'cli',
      port: 24,
      identityFiles: ['/k'],
      connectTimeoutMs: 1,
    })
    expect(target({ ansible_user: 'var', ansible_port: 25 }, options)).toMatchObject({
      user: 'var',
      port: 25,
    })
    expect(target({ ansible_user: '' }, options).user).toBe('cli')
  })

  it('let the option of this run decide on host keys, those of jump hosts too', () => {
    expect(target({ ansible_host_key_checking: false })).toMatchObject({
      hostKeyPolicy: 'off',
      hopHostKeyPolicy: undefined,
    })
    expect(target({ ansible_host_key_checking: false }, { hostKeyPolicy: 'strict' })).toMatchObject({
      hostKeyPolicy: 'strict',
      hopHostKeyPolicy: 'strict',
    })
  })

  it.each(['localhost', '127.0.0.1', '::1'])('are local for %s', (name) => {
    expect(target({}, {}, name).connection).toBe('local')
    expect(target({ ansible_connection: 'ssh' }, {}, name).connection).toBe('ssh')
    expect(target({ ansible_host: '10.0.0.1' }, {}, name).connection).toBe('ssh')
  })

  it.each([
    [{ ansible_port: '22abc' }, /is no port/],
    [{ ansible_port: 70_000 }, /is no port/],
    [{ ansible_connection: 'docker' }, /docker is not supported/],
    [{ ansible_host: ['a'] }, /ansible_host must be text/],
    [{ ansible_timeout: 'soon' }, /no number of seconds/],
    [{ ansible_ssh_common_args: '-L 80:localhost:80' }, /-L is not supported/],
    [{ ansible_ssh_common_args: '-o KnownHostsCommand=x' }, /-o KnownHostsCommand is not supported/],
    [{ ansible_ssh_common_args: '-o Prot=22' }, /-o Prot is not supported/],
    [{ ansible_ssh_common_args: '-o Port=ssh' }, /Port takes a port, not 'ssh'/],
    [{ ansible_ssh_extra_args: '-o StrictHostKeyChecking=maybe' }, /takes yes, no, ask or accept-new/],
    [{ ansible_ssh_common_args: "-i 'x" }, /quote is not closed/],
    [{ ansible_ssh_common_args: '-i' }, /-i has no value/],
  ])('refuse %j', (vars, message) => {
    expect(failure(() => target(vars)).message).toMatch(message)
  })
})

describe('ssh arguments', () => {
  it('are read in all spellings', () => {
    const text = `-o Port=1 -oUser=u -o "IdentityFile '/a b'" -o 'ConnectTimeout = 5' -i/k -p 2 -l me`
    expect(parseSshArgs(text).lines.map(({ keyword, words }) => [keyword, ...words])).toEqual([
      ['port', '1'],
      ['user', 'u'],
      ['identityfile', '/a b'],
      ['connecttimeout', '5'],
      ['identityfile', '/k'],
      ['port', '2'],
      ['user', 'me'],
    ])
  })

  it('are cut as a shell cuts words', () => {
    expect(splitWords(`a 'b c' "d \\" e" f\\ g h'i'"j"`)).toEqual(['a', 'b c', 'd " e', 'f g', 'hij'])
  })
})

describe('become', () => {
  const become = (vars: object, options = {}) => becomeOf(scopeOf({ ...vars }), options)

  it('is nobody unless asked', () => {
    expect(become({})).toBeUndefined()
    expect(become({ ansible_become_user: 'x' })).toBeUndefined()
    expect(become({ ansible_become: false }, { become: true })).toBeUndefined()
    expect(become({ ansible_become: 'no' }, { become: true })).toBeUndefined()
  })

  it('is root by sudo', () => {
    expect(become({}, { become: true })).toEqual({ method: 'sudo', user: 'root', password: undefined })
    expect(become({ ansible_become: 'yes' })).toMatchObject({ method: 'sudo', user: 'root' })
  })

  it('takes variables before keywords', () => {
    const vars = { ansible_become_user: 'u', ansible_become_method: 'su', ansible_become_pass: 'p' }
    const found = become(vars, { become: true, user: 'k', method: 'doas', password: new Secret('q') })
    expect(found).toMatchObject({ method: 'su', user: 'u' })
    expect(found?.password?.reveal()).toBe('p')
    expect(become({}, { become: true, user: 'k', method: 'doas', password: 'q' })?.password?.reveal()).toBe(
      'q',
    )
  })

  it.each([
    [{ ansible_become_method: 'pbrun' }, /pbrun is not supported/],
    [{ ansible_become_flags: '-H' }, /ansible_become_flags is not supported/],
    [{ ansible_become: 'perhaps' }, /must be true or false/],
  ])('refuses %j', (vars, message) => {
    expect(failure(() => become({ ansible_become: true, ...vars })).message).toMatch(message)
  })
})
