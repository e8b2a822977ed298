import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** The text with what stands between two markers replaced. @throws Error when the markers are not there */
export function replaceBetween(text: string, name: string, body: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`there is no place '${name}' to write to`)
  return `${text.slice(0, from + start.length)}${body}${text.slice(to)}`
}

/** Writes a section of docs/benchmarks.md, with the machine that it was measured on. */
export function writeSection(name: string, body: string): void {
  write('docs/benchmarks.md', name, `\nMeasured on ${machine()}.\n\n${body.trim()}\n`)
}

/** Writes a figure into a sentence of the README. */
export function writeFigure(name: string, figure: string): void {
  write('README.md', name, figure)
}

function write(page: string, name: string, body: string): void {
  const path = resolve(root, page)
  writeFileSync(path, replaceBetween(readFileSync(path, 'utf8'), name, body))
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
