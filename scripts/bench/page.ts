import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { resolve } from 'node:path'

const page = resolve(import.meta.dirname, '../../docs/benchmarks.md')

/** The text with what stands between a section's two markers replaced. @throws Error when the markers are not there */
export function replaceSection(text: string, name: string, body: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no section '${name}'`)
  return `${text.slice(0, from + start.length)}\n${body.trim()}\n${text.slice(to)}`
}

/** Writes a section of docs/benchmarks.md, with the machine that it was measured on. */
export function writeSection(name: string, body: string): void {
  const text = readFileSync(page, 'utf8')
  writeFileSync(page, replaceSection(text, name, `Measured on ${machine()}.\n\n${body}`))
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function machine(): string {
  const [cpu] = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${memory}, Linux ${release()}, Node.js ${process.version}; the hosts run on the same machine`
}
