import { normalAddress } from './address.js'

/** What makes a rule of ufw that rule. Its action, logging and comment can be changed in place. */
export interface RuleIdentity {
  readonly route: boolean
  readonly direction: 'in' | 'out'
  /** '' for any. With `route`, the incoming one. */
  readonly interface: string
  /** Only with `route`: the outgoing one. */
  readonly interfaceOut: string
  /** `tcp`, `udp`, …, or `any`. */
  readonly proto: string
  /** `22`, `80,443`, `2379:2380`, or `any`. */
  readonly port: string
  readonly fromPort: string
  /** Normal form, or `any`. */
  readonly to: string
  readonly from: string
  /** The application profile that the rule was made from, or ''. */
  readonly app: string
}

/** A rule as ufw keeps it. */
export interface Rule extends RuleIdentity {
  readonly action: 'allow' | 'deny' | 'reject' | 'limit'
  readonly log: '' | 'log' | 'log-all'
  readonly comment: string
  readonly v6: boolean
}

const tuple = /^### tuple ### (.*)$/

/**
 * Reads the rules of /etc/ufw/user.rules or user6.rules: ufw writes each as a comment line
 * `### tuple ### action proto dport dst sport src [dapp sapp] direction[_interface] [comment=hex]`.
 */
export function readRules(text: string, v6: boolean): Rule[] {
  return text.split('\n').flatMap((line) => {
    const body = tuple.exec(line)?.[1]
    return body === undefined ? [] : [readTuple(body, v6)]
  })
}

function readTuple(body: string, v6: boolean): Rule {
  const words = body.trim().split(/\s+/)
  const last = words.at(-1) ?? ''
  const comment = last.startsWith('comment=') ? Buffer.from(last.slice(8), 'hex').toString('utf8') : ''
  if (comment !== '' || last.startsWith('comment=')) words.pop()
  const [head = '', proto = 'any', port = 'any', to = '', fromPort = 'any', from = ''] = words
  const apps = words.length >= 9 ? words.slice(6, 8) : []
  const [, route, action = '', log = ''] = /^(route:)?([a-z]+)(?:_(log(?:-all)?))?$/.exec(head) ?? []
  const side = words.at(-1) ?? 'in'
  return {
    action: action as Rule['action'],
    log: log as Rule['log'],
    route: route !== undefined,
    proto,
    port,
    fromPort,
    to: normalAddress(to),
    from: normalAddress(from),
    app: apps.map((app) => (app === '-' ? '' : app.replaceAll('%20', ' '))).find((app) => app !== '') ?? '',
    ...readSide(side),
    comment,
    v6,
  }
}

/** `in`, `out_eth0`, and for routes `in_eth0!out_eth1`. */
function readSide(side: string): Pick<Rule, 'direction' | 'interface' | 'interfaceOut'> {
  const parts = side
    .split('!')
    .map((part) => ({ out: part.startsWith('out'), name: part.replace(/^(in|out)_?/, '') }))
  const first = parts[0]!
  const second = parts[1]
  return { direction: first.out ? 'out' : 'in', interface: first.name, interfaceOut: second?.name ?? '' }
}

/** Whether two rules are the same to ufw, whatever they do and say. */
export function isSameRule(a: RuleIdentity, b: RuleIdentity): boolean {
  const keys = [
    'route',
    'direction',
    'interface',
    'interfaceOut',
    'proto',
    'port',
    'fromPort',
    'to',
    'from',
    'app',
  ] as const
  return keys.every((key) => a[key] === b[key])
}

/** A rule in ufw's own words: the arguments of `ufw allow …`. */
export function ruleWords(rule: Omit<Rule, 'v6'>, withComment: boolean): string[] {
  const log = rule.log === '' ? [] : [rule.log]
  const on = rule.interface === '' ? [rule.direction] : [rule.direction, 'on', rule.interface]
  const out = rule.interfaceOut === '' ? [] : ['out', 'on', rule.interfaceOut]
  const comment = withComment && rule.comment !== '' ? ['comment', rule.comment] : []
  const side = rule.route && rule.interface === '' && rule.interfaceOut === '' ? [] : [...on, ...out]
  const proto = rule.proto === 'any' || rule.app !== '' ? [] : ['proto', rule.proto]
  const port = (value: string) => (value === 'any' ? [] : ['port', value])
  const target = rule.app === '' ? port(rule.port) : ['app', rule.app]
  return [
    rule.action,
    ...side,
    ...log,
    ...proto,
    'from',
    rule.from,
    ...port(rule.fromPort),
    'to',
    rule.to,
    ...target,
    ...comment,
  ]
}
