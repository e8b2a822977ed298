const families: readonly (readonly [string, readonly string[]])[] = [
  ['debian', ['debian', 'ubuntu', 'raspbian']],
  ['redhat', ['rhel', 'fedora', 'centos', 'rocky', 'almalinux', 'ol', 'amzn']],
  ['suse', ['suse', 'sles', 'opensuse', 'opensuse-leap', 'opensuse-tumbleweed', 'sle-micro']],
  ['arch', ['arch', 'manjaro']],
  ['alpine', ['alpine']],
]

/** The distribution, from the lines of os-release(5). */
export function readOs(lines: readonly string[]) {
  const values = new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^([A-Z_0-9]+)=(.*)$/.exec(line.trim()) ?? []
      return key === undefined ? [] : [[key, unquote(value!)] as const]
    }),
  )
  const id = values.get('ID') ?? 'linux'
  const names = [id, ...(values.get('ID_LIKE') ?? '').split(/\s+/)]
  const family = families.find(([, members]) => names.some((name) => members.includes(name)))?.[0] ?? id
  return {
    family,
    id,
    version: values.get('VERSION_ID') ?? '',
    major: /^\d+/.exec(values.get('VERSION_ID') ?? '')?.[0] ?? '',
    codename: values.get('VERSION_CODENAME') ?? '',
    name: values.get('PRETTY_NAME') ?? values.get('NAME') ?? id,
  }
}

function unquote(value: string): string {
  const inner = /^(["'])(.*)\1$/.exec(value)?.[2]
  return inner === undefined ? value : inner.replace(/\\([\\"$`])/g, '$1')
}
