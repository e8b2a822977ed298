import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildConfig, configFiles, mergeDocuments, parseFlags } from '../../lab/k3s/src/config/config.js'
import { criticalMismatch, criticalValues, defaultDns } from '../../lab/k3s/src/config/critical.js'
import { agentFlags, serverFlags } from '../../lab/k3s/src/config/flags.js'

function config(documents: Record<string, unknown>[], argv: string[] = [], env: NodeJS.ProcessEnv = {}) {
  return buildConfig(serverFlags, mergeDocuments(documents), env, parseFlags(serverFlags, argv))
}

describe('configuration files', () => {
  it('lets the last file win and appends with key+', () => {
    const merged = config([
      { 'node-name': 'a', 'tls-san': ['x'] },
      { 'node-name': 'b', 'tls-san+': ['y', 'z'] },
    ])
    expect(merged.str('node-name')).toBe('b')
    expect(merged.list('tls-san')).toEqual(['x', 'y', 'z'])
  })

  it('replaces a list that a later file names without +', () => {
    expect(config([{ disable: ['traefik'] }, { disable: ['servicelb'] }]).list('disable')).toEqual([
      'servicelb',
    ])
  })

  it('reads a comma-separated text as a list', () => {
    expect(config([{ disable: 'traefik,servicelb' }]).list('disable')).toEqual(['traefik', 'servicelb'])
  })

  it('orders drop-ins by name behind the main file and ignores other files', () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'k3s-conf-')), 'config.yaml')
    fs.mkdirSync(`${file}.d`)
    for (const name of ['20-b.yaml', '10-a.yml', 'note.txt', '.hidden.yaml'])
      fs.writeFileSync(`${file}.d/${name}`, '')
    fs.writeFileSync(file, '')
    expect(configFiles(file).map((name) => path.basename(name))).toEqual([
      'config.yaml',
      '10-a.yml',
      '20-b.yaml',
    ])
    fs.rmSync(path.dirname(file), { recursive: true })
  })

  it('skips an unknown key, as k3s does', () => {
    expect(config([{ 'no-such-key': 1, token: 'a' }]).str('token')).toBe('a')
  })
})

describe('layers', () => {
  it('lets the environment beat files and flags beat both', () => {
    const files = [{ token: 'file', server: 'https://file:6443' }]
    const env = { K3S_TOKEN: 'env', K3S_URL: 'https://env:6443' }
    const merged = config(files, ['--token=flag'], env)
    expect([merged.str('token'), merged.str('server')]).toEqual(['flag', 'https://env:6443'])
  })

  it('replaces a list of the file with that of the flags', () => {
    const merged = config([{ 'node-label': ['a=1', 'b=2'] }], ['--node-label', 'c=3', '--node-label=d=4'])
    expect(merged.list('node-label')).toEqual(['c=3', 'd=4'])
  })
})

describe('flags', () => {
  it('refuses an unknown flag in the words of k3s', () => {
    expect(() => parseFlags(agentFlags, ['--foo'])).toThrow('flag provided but not defined: -foo')
    expect(() => parseFlags(agentFlags, ['--cluster-init'])).toThrow(
      'flag provided but not defined: -cluster-init',
    )
  })

  it('reads short names, switches with and without a value, and wants a value otherwise', () => {
    const { values } = parseFlags(serverFlags, ['-t', 'secret', '--cluster-init', '--disable-etcd=false'])
    expect(values.get('token')).toEqual(['secret'])
    expect(values.get('cluster-init')).toEqual(['true'])
    expect(values.get('disable-etcd')).toEqual(['false'])
    expect(() => parseFlags(serverFlags, ['--token'])).toThrow('flag needs an argument: -token')
    expect(() => parseFlags(serverFlags, ['--https-listen-port=x'])).toThrow('invalid value')
  })
})

describe('critical values', () => {
  it('are the same for equal configurations, whatever else differs', () => {
    const one = criticalValues(config([{ 'node-name': 'a', 'tls-san': ['x'], disable: ['traefik'] }]))
    expect(criticalMismatch(one, criticalValues(config([{ 'node-name': 'b' }])))).toEqual([])
  })

  it.each([
    ['cluster-cidr', { 'cluster-cidr': '10.50.0.0/16' }],
    ['cluster-domain', { 'cluster-domain': 'lab' }],
    ['disable servicelb', { disable: ['servicelb'] }],
    ['flannel-backend', { 'flannel-backend': 'host-gw' }],
    ['secrets-encryption', { 'secrets-encryption': true }],
    ['agent-token', { 'agent-token': 'other' }],
    ['embedded-registry', { 'embedded-registry': true }],
    ['disable-kube-proxy', { 'disable-kube-proxy': true }],
  ])('name %s when it differs', (field, document) => {
    expect(criticalMismatch(criticalValues(config([])), criticalValues(config([document])))).toEqual([field])
  })

  it('derive cluster-dns from service-cidr', () => {
    expect(defaultDns('10.96.0.0/12')).toBe('10.96.0.10')
    const changed = criticalValues(config([{ 'service-cidr': '10.96.0.0/16' }]))
    expect(criticalMismatch(criticalValues(config([])), changed)).toEqual(['cluster-dns', 'service-cidr'])
  })
})
