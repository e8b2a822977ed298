import { Reader } from '../files/state.js'
import type { ProbeHost } from '../module.js'
import { shellScript } from '../script.js'
import { type Rule, readRules } from './rule.js'

/** What ufw's own files say, and whether its chains are in the kernel. */
export interface UfwState {
  readonly installed: boolean
  readonly active: boolean
  readonly enabled: boolean
  readonly ipv6: boolean
  readonly logging: string
  readonly policies: Readonly<Record<'incoming' | 'outgoing' | 'routed', string>>
  readonly rules: readonly Rule[]
}

// `ufw status` and `ufw show added` start Python twice, 0.3 s; what they print stands in these files (ufw writes each rule
// as a `### tuple ###` line there, and reads them back from it).
const script = shellScript(
  'probe-ufw',
  'probe',
  ['root'],
  `PATH=$PATH:/usr/sbin:/sbin
if ! command -v ufw >/dev/null 2>&1; then
  echo absent
  exit 0
fi
echo there
if iptables -n -L ufw-user-input >/dev/null 2>&1; then echo chains; else echo nochains; fi
for file in ufw/ufw.conf default/ufw ufw/user.rules ufw/user6.rules; do
  echo "=== $file"
  [ -e "$root/$file" ] || continue
  grep -E '^(ENABLED|LOGLEVEL|IPV6|DEFAULT_[A-Z]+_POLICY|### tuple ###)' "$root/$file" || [ $? -eq 1 ] || exit 1
done`,
)

/** One round trip, a few milliseconds: a loop of many rules asks once for each. */
export async function probeUfw(host: ProbeHost, root = '/etc'): Promise<UfwState> {
  const { stdout } = await host.query(script({ root }))
  return readUfw(new Reader(stdout))
}

const verbs: Readonly<Record<string, string>> = { ACCEPT: 'allow', DROP: 'deny', REJECT: 'reject' }

/** Reads what the probe prints. */
export function readUfw(reader: Reader): UfwState {
  const installed = reader.must('state of ufw') === 'there'
  const chains = installed && reader.must('chains of ufw') === 'chains'
  const sections = new Map<string, string[]>()
  let current: string[] = []
  for (let line = reader.line(); line !== undefined; line = reader.line()) {
    if (line.startsWith('=== ')) {
      current = []
      sections.set(line.slice(4), current)
    } else current.push(line)
  }
  const settings = new Map(
    [...(sections.get('ufw/ufw.conf') ?? []), ...(sections.get('default/ufw') ?? [])].map((line) => {
      const [key = '', value = ''] = line.split('=')
      return [key, value.replace(/^["']|["']$/g, '').trim()] as const
    }),
  )
  const policy = (key: string, usual: string) =>
    verbs[settings.get(`DEFAULT_${key}_POLICY`) ?? usual] ?? 'deny'
  const rules = (file: string, v6: boolean) => readRules((sections.get(file) ?? []).join('\n'), v6)
  const enabled = settings.get('ENABLED')?.toLowerCase() === 'yes'
  return {
    installed,
    enabled,
    active: enabled && chains,
    ipv6: settings.get('IPV6')?.toLowerCase() !== 'no',
    logging: settings.get('LOGLEVEL') ?? 'low',
    policies: {
      incoming: policy('INPUT', 'DROP'),
      outgoing: policy('OUTPUT', 'ACCEPT'),
      routed: policy('FORWARD', 'DROP'),
    },
    rules: [...rules('ufw/user.rules', false), ...rules('ufw/user6.rules', true)],
  }
}
