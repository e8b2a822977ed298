import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { resolve } from 'node:path'

/**
 * How long a run of cluster.yaml takes that finds nothing to do, on the five hosts of the lab, as a whole process.
 * Needs `npm run build` and `npm run lab -- up`; writes docs/benchmarks.md.
 */
const root = resolve(import.meta.dirname, '../..')
const page = resolve(root, 'docs/benchmarks.md')
const counted = 7

function run(): { seconds: number; recap: string[] } {
  const args = ['dist/runner/cli.js', '-i', '.lab/inventory.yaml', 'cluster.yaml', '--output', 'plain']
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync('node', args, { cwd: root, encoding: 'utf8' })
  const seconds = (performance.now() - started) / 1000
  if (status !== 0) throw new Error(`cluster.yaml ended with ${status}:\n${stdout}${stderr}`)
  return { seconds, recap: stdout.split('\n').filter((line) => / : ok=\d+/.test(line)) }
}

function measure(): number[] {
  run() // makes the cluster, if it is not there
  return Array.from({ length: counted }, () => {
    const { seconds, recap } = run()
    const changed = recap.filter((line) => !/changed=0 /.test(line))
    if (changed.length > 0) throw new Error(`something changed:\n${changed.join('\n')}`)
    console.log(`${seconds.toFixed(2)} s, ${recap.length} hosts, changed=0`)
    return seconds
  }).sort((a, b) => a - b)
}

function machine(): string {
  const [cpu] = cpus()
  return `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node.js ${process.version}; the hosts run on the same machine`
}

const times = measure()
const show = (index: number): string => times[index]!.toFixed(2)
const row = `| \`cluster.yaml\`, 5 hosts, nothing to change | ${show(0)} | ${show((counted - 1) / 2)} | ${show(counted - 1)} |`
const text = readFileSync(page, 'utf8')
const start = '<!-- second run -->'
const end = '<!-- /second run -->'
const table = `${start}\nMeasured on ${machine()}.\n\n| what | fastest | median | slowest |\n|---|---|---|---|\n${row}\n${end}`
writeFileSync(
  page,
  text.replace(new RegExp(`${start}[\\s\\S]*${end}`), () => table),
)
console.log(`\n${row}`)
