import type { ConfigFiles } from './config-files.js'

/** What ssh_config says for one host: the words of each keyword; identityfile and certificatefile add up. */
export type Values = ReadonlyMap<string, readonly string[]>

/** Whose files are read, and what is told on the way. */
export interface ConfigSurroundings {
  readonly files: ConfigFiles
  readonly home: string
  readonly login: string
  /** Each text is told once a run by whoever listens. */
  readonly warn: (text: string) => void
}

/** One host on its way through the files. */
export interface Evaluation {
  readonly around: ConfigSurroundings
  readonly alias: string
  readonly values: Map<string, readonly string[]>
  /** What `Host` patterns see: the alias, in the final pass the HostName. */
  host: string
  final: boolean
  wantsFinal: boolean
}

/** The HostName with its tokens (`%h`, `%%`), else the alias. */
export function hostNameOf({ values, alias }: { readonly values: Values; readonly alias: string }): string {
  const name = values.get('hostname')?.[0]
  return name === undefined ? alias : name.replace(/%([h%])/g, (_, token) => (token === 'h' ? alias : '%'))
}
