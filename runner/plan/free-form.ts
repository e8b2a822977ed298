import type { MappingEntry, ScalarNode } from '../syntax/node.js'
import { resolvePlain } from '../syntax/scalars.js'

/** Words of a command line that are arguments of the module, as Ansible takes them out of it (`parse_kv`). */
const options = /^(creates|removes|chdir|executable|stdin|stdin_add_newline|strip_empty_ends|warn)=([\s\S]+)$/

/** A word: quotes and template tags keep what is in them together. */
const word = /(?:"(?:\\.|[^"\\])*"|'[^']*'|<%[\s\S]*?%>|[^\s"'])+/g

/** `touch /a creates=/a`: the command line without its options, and the options. */
export function freeFormArguments(name: string, node: ScalarNode): MappingEntry[] {
  const text = String(node.value ?? '')
  const found: MappingEntry[] = []
  const rest = text.replace(word, (each) => {
    const [, key, raw] = options.exec(each) ?? []
    if (key === undefined) return each
    found.push({ key, keySpan: node.span, value: { ...wordNode(raw!, node), value: unquoted(raw!) } })
    return ''
  })
  const line: ScalarNode = found.length === 0 ? node : { ...node, value: rest.trim() }
  return [{ key: name, keySpan: node.span, value: line }, ...found]
}

/** `src=a dest='b c'`: Ansible's short form of all arguments. */
export function argumentWords(node: ScalarNode): MappingEntry[] | undefined {
  const text = String(node.value)
  const words = [...text.matchAll(/\s*([A-Za-z_]\w*)=("[^"]*"|'[^']*'|<%=.*?%>|\S*)/gy)]
  const length = words.reduce((sum, each) => sum + each[0].length, 0)
  if (words.length === 0 || text.slice(length).trim() !== '') return undefined
  return words.map(([, key, raw]) => ({ key: key!, keySpan: node.span, value: wordNode(raw!, node) }))
}

/** Values are read as YAML reads them. */
function wordNode(raw: string, node: ScalarNode): ScalarNode {
  const text = unquoted(raw)
  return { ...node, value: text === raw ? resolvePlain(raw).value : text, raw }
}

function unquoted(word: string): string {
  return /^(["'])([\s\S]*)\1$/.exec(word)?.[2] ?? word
}
