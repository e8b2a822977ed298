/** Names of modules are the same with - and _. */
const plain = (module: string) => module.replaceAll('-', '_')

/** The lines of a file in modules-load.d with a module in them, or without it; none where nothing but comments is left. */
export function withModule(lines: readonly string[], module: string, present: boolean): readonly string[] {
  const isIt = (line: string) => plain(line.trim()) === plain(module)
  if (present) return lines.some(isIt) ? lines : [...lines, module]
  return unlessEmpty(
    lines,
    lines.filter((line) => !isIt(line)),
  )
}

/** The lines of a file in modprobe.d with the options of a module, one a line, in the place of those it has. */
export function withOptions(
  lines: readonly string[],
  module: string,
  params: readonly string[],
): readonly string[] {
  const wordsOf = (line: string) => line.trim().split(/\s+/)
  const isIt = (line: string) => {
    const [command, name = ''] = wordsOf(line)
    return command === 'options' && plain(name) === plain(module)
  }
  const now = lines.filter(isIt).flatMap((line) => wordsOf(line).slice(2))
  if (now.length === params.length && now.every((word, at) => word === params[at])) return lines
  const others = lines.filter((line) => !isIt(line))
  return unlessEmpty(lines, [...others, ...params.map((word) => `options ${module} ${word}`)])
}

const unlessEmpty = (before: readonly string[], after: readonly string[]) =>
  after.length < before.length && after.every((line) => /^\s*(#|$)/.test(line)) ? [] : after
