import { addAgent } from './add-agent.js'
import type { Bench } from './bench.js'
import { firstRun } from './first-run.js'
import { mix } from './mix.js'
import { writeSection } from './page.js'
import { roundTrips } from './round-trips.js'
import { scale } from './scale.js'
import { secondRun } from './second-run.js'
import { startUp } from './start-up.js'
import { withTestBed } from './test-bed.js'
import { true100 } from './true-100.js'
import { upload } from './upload.js'

const benches: readonly Bench[] = [
  startUp,
  roundTrips,
  mix,
  true100,
  scale,
  upload,
  firstRun,
  secondRun,
  addAgent,
]

/** @throws Error for a name that no benchmark has */
function chosen(names: readonly string[]): readonly Bench[] {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name))
  const all = benches.map(({ name }) => name).join(', ')
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(', ')}; there are ${all}`)
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name))
}

function report(name: string, section: string): void {
  console.log(`\n## ${name}\n${section}\n`)
  writeSection(name, section)
}

async function main(names: readonly string[]): Promise<void> {
  const wanted = chosen(names)
  for (const { name, run } of wanted) if (run.on === 'controller') report(name, await run.measure())
  if (wanted.every(({ run }) => run.on === 'controller')) return
  await withTestBed(async (bed) => {
    for (const { name, run } of wanted) if (run.on === 'lab') report(name, await run.measure(bed))
  })
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
