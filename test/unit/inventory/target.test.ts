import { describe, expect, it } from 'vitest'
import { parseSshArgs, splitWords } from '../../../runner/inventory/ssh-args.js'
import { becomeOf, type TargetOptions, targetOf } from '../../../runner/inventory/target.js'
import { Secret } from '../../../runner/secrets/secret.js'
import { failure, scopeOf } from '../expression/support.js'

const system = { home: '/home/me', login: 'me' }

function target(vars: Readonly<Record<string, unknown>>, options: TargetOptions = {}, name = 'h') {
  return targetOf(name, scopeOf(vars), { ...system, ...options })
}

describe('targets', () => {
  it('have defaults', () => {
    expect(target({})).toEqual({
      name: 'h',
      connection: 'ssh',
      address: 'h',
      port: 22,
      user: 'me',
      identityFiles: [],
      password: undefined,
      knownHostsFiles: [
        '/home/me/.ssh/known_hosts',
        '/home/me/.ssh/known_hosts2',
        '/etc/ssh/ssh_known_hosts',
        '/etc/ssh/ssh_known_hosts2',
      ],
      hostKeyPolicy: 'strict',
      connectTimeoutMs: 20_000,
    })
  })

  it('follow variables', () => {
    const vars = {
      ansible_host: '10.0.0.1',
      ansible_port: '2222',
      ansible_user: 'debian',
      ansible_ssh_private_key_file: '~/.ssh/id',
      ansible_ssh_pass: 'pw',
      ansible_timeout: 7,
      ansible_ssh_common_args:
        "-o UserKnownHostsFile='/tmp/k /tmp/l' -oStrictHostKeyChecking=accept-new -i ~/other -o ControlMaster=auto -C",
    }
    expect(target(vars)).toMatchObject({
      address: '10.0.0.1',
      port: 2222,
      user: 'debian',
      identityFiles: ['/home/me/.ssh/id', '/home/me/other'],
      knownHostsFiles: ['/tmp/k', '/tmp/l'],
      hostKeyPolicy: 'accept-new',
      connectTimeoutMs: 7000,
    })
    expect(target(vars).password?.reveal()).toBe('pw')
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

  it('let the option of this run decide on host keys', () => {
    const vars = { ansible_ssh_common_args: '-o StrictHostKeyChecking=no' }
    expect(target(vars).hostKeyPolicy).toBe('off')
    expect(target(vars, { hostKeyPolicy: 'strict' }).hostKeyPolicy).toBe('strict')
    expect(target({ ansible_host_key_checking: false }).hostKeyPolicy).toBe('off')
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
    [{ ansible_ssh_common_args: '-o ProxyCommand=nc' }, /-o ProxyCommand is not supported/],
    [{ ansible_ssh_common_args: '-J bastion' }, /-J is not supported/],
    [
      { ansible_ssh_extra_args: '-o StrictHostKeyChecking=maybe' },
      /StrictHostKeyChecking=maybe is not known/,
    ],
    [{ ansible_ssh_common_args: "-i 'x" }, /quote is not closed/],
    [{ ansible_ssh_common_args: '-i' }, /-i has no value/],
  ])('refuse %j', (vars, message) => {
    expect(failure(() => target(vars)).message).toMatch(message)
  })
})

describe('ssh arguments', () => {
  it('are read in all spellings', () => {
    const text = `-o Port=1 -oUser=u -o "IdentityFile /a b" -o 'ConnectTimeout = 5' -i/k -p 2 -l me`
    expect(parseSshArgs(text)).toEqual({
      port: '2',
      user: 'me',
      identityFiles: ['/a b', '/k'],
      knownHostsFiles: [],
      connectTimeoutMs: 5000,
    })
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
