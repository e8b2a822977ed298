import type { Diagnostic } from '../../../runner/errors.js'
import type { DirectoryEntry, Files } from '../../../runner/syntax/files.js'
import type { Node } from '../../../runner/syntax/node.js'
import { toPlain } from '../../../runner/syntax/read.js'
import { formatPosition, type SourceFile } from '../../../runner/syntax/source.js'
import { parseYaml } from '../../../runner/syntax/yaml.js'

export interface Read {
  readonly node: Node | undefined
  readonly value: unknown
  readonly found: Diagnostic[]
  /** `line:col message`, warnings with a `~` before them. */
  readonly messages: string[]
}

export function source(text: string, path = 'file.yaml'): SourceFile {
  return { path, text }
}

export function read(text: string): Read {
  const found: Diagnostic[] = []
  const node = parseYaml(source(text), (diagnostic) => found.push(diagnostic))
  return { node, value: node && toPlain(node), found, messages: found.map(brief) }
}

export function brief({ span, message, severity }: Diagnostic): string {
  const place = span ? `${formatPosition(span).split(':').slice(-2).join(':')} ` : ''
  return `${severity === 'warning' ? '~' : ''}${place}${message}`
}

/** Files that stand in memory, by path. */
export function memoryFiles(texts: Readonly<Record<string, string>>): Files {
  const list = (dir: string): DirectoryEntry[] | undefined => {
    const prefix = dir === '.' ? '' : `${dir}/`
    const found = new Map<string, boolean>()
    for (const path of Object.keys(texts)) {
      if (!path.startsWith(prefix)) continue
      const [name = '', ...rest] = path.slice(prefix.length).split('/')
      found.set(name, rest.length > 0)
    }
    return found.size > 0 ? [...found].map(([name, isDirectory]) => ({ name, isDirectory })) : undefined
  }
  return {
    read: (path) => (path in texts ? { path, text: texts[path]! } : undefined),
    list,
    isFile: (path) => path in texts,
    isDirectory: (path) => list(path) !== undefined,
  }
}
