/** What the host swaps to, and what would bring more. */
export interface SwapState {
  readonly active: readonly { readonly path: string; readonly kind: string; readonly size_kb: number }[]
  /** Units that are no line of fstab. */
  readonly units: readonly string[]
  /** Size of the swap file; undefined: not there. */
  readonly fileBytes?: number
}

const decode = (word: string) =>
  word.replace(/\\([0-7]{3})/g, (_all, code) => String.fromCharCode(Number.parseInt(code, 8)))

/** Reads /proc/swaps, then `file SIZE` and `unit NAME`. */
export function readSwapState(text: string): SwapState {
  const lines = text.split('\n')
  const active = lines.flatMap((line) => {
    const [, path, kind, size] = /^(\/\S+)\s+(\S+)\s+(\d+)\s/.exec(line) ?? []
    return path === undefined ? [] : [{ path: decode(path), kind: kind!, size_kb: Number(size) }]
  })
  const file = lines.flatMap((line) => /^file (\d+)$/.exec(line)?.[1] ?? [])[0]
  const units = [...new Set(lines.flatMap((line) => /^unit (\S+)$/.exec(line)?.[1] ?? []))]
  return { active, units, ...(file === undefined ? {} : { fileBytes: Number(file) }) }
}

const fields = (line: string) => (line.trim().startsWith('#') ? [] : line.trim().split(/\s+/))
const isSwap = (line: string) => fields(line)[2] === 'swap'

/** The lines of fstab without swap: commented out, or gone. The same array where there is none. */
export function stopSwapLines(lines: readonly string[], remove: boolean): readonly string[] {
  if (!lines.some(isSwap)) return lines
  return lines.flatMap((line) => (!isSwap(line) ? [line] : remove ? [] : [`# ${line}`]))
}

/** The lines of fstab with the swap file in them. */
export function addSwapLine(lines: readonly string[], path: string): readonly string[] {
  return lines.some((line) => isSwap(line) && fields(line)[0] === path)
    ? lines
    : [...lines, `${path} none swap sw 0 0`]
}
