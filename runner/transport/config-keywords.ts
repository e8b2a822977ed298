/** What a keyword of ssh_config(5) takes, as far as it is honoured here. */
export type Kind =
  | 'text'
  | 'list'
  | 'paths'
  | 'flag'
  | 'port'
  | 'seconds'
  | 'count'
  | 'policy'
  | 'family'
  | 'command'
  | 'algorithms'
  | 'agent'

/** The honoured keywords, in lower case. identityfile and certificatefile add up; of the others the first value wins. */
export const honoured: Readonly<Record<string, Kind>> = {
  addressfamily: 'family',
  batchmode: 'flag',
  bindaddress: 'text',
  certificatefile: 'text',
  ciphers: 'algorithms',
  connectionattempts: 'count',
  connecttimeout: 'seconds',
  forwardagent: 'agent',
  globalknownhostsfile: 'paths',
  hashknownhosts: 'flag',
  hostkeyalgorithms: 'algorithms',
  hostkeyalias: 'text',
  hostname: 'text',
  identitiesonly: 'flag',
  identityagent: 'agent',
  identityfile: 'text',
  ignoreunknown: 'list',
  kbdinteractiveauthentication: 'flag',
  kexalgorithms: 'algorithms',
  macs: 'algorithms',
  passwordauthentication: 'flag',
  port: 'port',
  preferredauthentications: 'list',
  proxycommand: 'command',
  proxyjump: 'text',
  pubkeyauthentication: 'flag',
  revokedhostkeys: 'text',
  serveralivecountmax: 'count',
  serveraliveinterval: 'seconds',
  stricthostkeychecking: 'policy',
  tag: 'text',
  user: 'text',
  userknownhostsfile: 'paths',
}

/** Older names of keywords. */
const aliases: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  dsaauthentication: 'pubkeyauthentication',
  hostbasedkeytypes: 'hostbasedacceptedalgorithms',
  identityfile2: 'identityfile',
  skeyauthentication: 'kbdinteractiveauthentication',
  tisauthentication: 'kbdinteractiveauthentication',
}

/** Keywords that change nothing for scripts on a kept connection, or that tune OpenSSH's own processes. */
const ignorable = new Set(
  `addkeystoagent casignaturealgorithms checkhostip clearallforwardings compression controlmaster
  controlpath controlpersist dynamicforward enableescapecommandline enablesshkeysign escapechar exitonforwardfailure
  fingerprinthash forkafterauthentication forwardx11 forwardx11timeout forwardx11trusted gatewayports
  gssapiauthentication gssapiclientidentity gssapidelegatecredentials gssapikeyexchange gssapirenewalforcesrekey
  gssapiserveridentity gssapitrustdns hostbasedacceptedalgorithms hostbasedauthentication ipqos
  kbdinteractivedevices localcommand localforward loglevel logverbose nohostauthenticationforlocalhost
  numberofpasswordprompts obscurekeystroketiming permitlocalcommand permitremoteopen pkcs11provider
  pubkeyacceptedalgorithms pubkeyacceptedkeytypes rekeylimit remotecommand remoteforward
  requesttty requiredrsasize rsaauthentication securitykeyprovider sendenv sessiontype setenv stdinnull
  streamlocalbindmask streamlocalbindunlink syslogfacility tcpkeepalive tunnel tunneldevice updatehostkeys
  useroaming verifyhostkeydns versionaddendum visualhostkey warnweakcrypto xauthlocation`.split(/\s+/),
)

/** Keywords that would change where the connection goes or whom it trusts: said when they are passed over. */
const missed = new Set(
  `bindinterface canonicaldomains canonicalizefallbacklocal canonicalizehostname canonicalizemaxdots
  canonicalizepermittedcnames channeltimeout knownhostscommand proxyusefdpass refuseconnection`.split(/\s+/),
)

/** How a keyword stands: honoured, `ignorable` (nothing is lost), `missed` (known to ssh, not done here) or `unknown`. */
export function standing(keyword: string): 'honoured' | 'ignorable' | 'missed' | 'unknown' {
  if (Object.hasOwn(honoured, keyword)) return 'honoured'
  if (missed.has(keyword)) return 'missed'
  return ignorable.has(keyword) ? 'ignorable' : 'unknown'
}

/** The name under which a keyword is kept: lower case, and today's name for an old one. */
export function canonical(keyword: string): string {
  const lower = keyword.toLowerCase()
  return aliases[lower] ?? lower
}

/** Values as OpenSSH means them. */
const policies: Readonly<Record<string, 'strict' | 'accept-new' | 'off'>> = {
  yes: 'strict',
  true: 'strict',
  ask: 'strict',
  no: 'off',
  false: 'off',
  off: 'off',
  'accept-new': 'accept-new',
}

export function toPolicy(value: string): 'strict' | 'accept-new' | 'off' | undefined {
  const word = value.toLowerCase()
  return Object.hasOwn(policies, word) ? policies[word] : undefined
}

/** `yes` and `no`, also spelled `true` and `false`; undefined for anything else. */
export function toFlag(value: string): boolean | undefined {
  const word = value.toLowerCase()
  if (word === 'yes' || word === 'true') return true
  return word === 'no' || word === 'false' ? false : undefined
}

const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** A time of sshd_config(5), `90`, `1m30s`, as seconds; `none` is 0. undefined when it is none. */
export function toSeconds(value: string): number | undefined {
  if (value.toLowerCase() === 'none') return 0
  if (!/^(?:\d+[smhdw]?)+$/i.test(value)) return undefined
  const parts = value.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)
  return [...parts].reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit!] ?? 1), 0)
}

/** What is wrong with the words of a keyword, if anything. */
export function valueProblem(keyword: string, words: readonly string[]): string | undefined {
  const [value = ''] = words
  const kind = honoured[keyword]
  if (words.length === 0 || (value === '' && kind !== 'paths')) return 'has no value'
  if (words.length > 1 && kind !== 'list' && kind !== 'paths')
    return `takes one value, not '${words.join(' ')}'`
  if (kind === 'flag' && toFlag(value) === undefined) return `takes yes or no, not '${value}'`
  if (kind === 'policy' && !toPolicy(value)) return `takes yes, no, ask or accept-new, not '${value}'`
  if (kind === 'seconds' && toSeconds(value) === undefined) return `takes a time, not '${value}'`
  if (kind === 'count' && !/^\d{1,6}$/.test(value)) return `takes a number, not '${value}'`
  if (kind === 'family' && !/^(?:any|inet|inet6)$/i.test(value))
    return `takes any, inet or inet6, not '${value}'`
  if (kind === 'port' && !(/^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535))
    return `takes a port, not '${value}'`
  return undefined
}
