/** What the stand-in needs of a kubeconfig. */
export interface Kubeconfig {
  clusters?: Named<Record<string, string>>[]
  users?: Named<Record<string, string>>[]
  contexts?: Named<Record<string, string>>[]
  'current-context'?: string
}

interface Named<T> {
  name: string
  [kind: string]: T | string
}

/** A kubeconfig in any YAML. To load the library for it is a quarter of a call of kubectl: what k3s wrote needs none. */
export async function parseKubeconfig(text: string): Promise<Kubeconfig> {
  return (readPlain(text) ?? (await import('yaml')).parse(text)) as Kubeconfig
}

/** `indent`, whether an item of a list begins, key, and value if it is one that cannot be anything but text. */
const line = /^( *)(- )?([a-z-]+|apiVersion):(?: ([\w+/=.:-]*[a-zA-Z/=][\w+/=.:-]*|\{\}))?$/

type Plain = string | Plain[] | { [key: string]: Plain | undefined }

/** Mappings and lists in block style of plain text, as k3s writes it; undefined for anything else. */
export function readPlain(text: string): Plain | undefined {
  const rows = text
    .trimEnd()
    .split('\n')
    .map((row) => line.exec(row))
    .map((found) => found && { indent: found[1]!.length, dash: !!found[2], key: found[3]!, value: found[4] })
  if (!rows.every((row) => row !== null && !/^(true|false|null|yes|no|on|off)$/i.test(row.value ?? '')))
    return undefined
  let at = 0
  const block = (indent: number): Plain => {
    if (rows[at]?.dash) {
      const items: Plain[] = []
      for (let row = rows[at]; row?.dash && row.indent === indent; row = rows[at]) {
        rows[at] = { ...row, indent: indent + 2, dash: false }
        items.push(block(indent + 2))
      }
      return items
    }
    const map: Record<string, Plain | undefined> = {}
    for (let row = rows[at]; row && !row.dash && row.indent === indent; row = rows[at]) {
      at += 1
      const below = rows[at]
      const nested = below && (below.indent > indent || (below.indent === indent && below.dash))
      map[row.key] = row.value === undefined && nested ? block(below.indent) : (row.value ?? '')
    }
    return map
  }
  const whole = block(0)
  return at === rows.length ? whole : undefined
}
