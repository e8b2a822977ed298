import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingRequirements } from './lab/requirements.js'

/**
 * `npm test`: unit tests, then lab tests where real hosts can be had. What cannot run here is listed with the reason,
 * and the last line counts everything: `N passed, N failed, N skipped`.
 */
interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** The parts of vitest's JSON report that are read. */
interface JsonReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

function runProject(project: string): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'tsplay-test-'))
  const report = join(folder, 'report.json')
  try {
    const args = [
      'vitest',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ]
    // Reading more authorities at each start doubles what a start of Node.js costs, and no test's Node.js asks the world.
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
    const { status } = spawnSync('npx', args, { stdio: 'inherit', env })
    return readCounts(report, status ?? 1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A file that failed before its first test, or a run that broke off, counts as one failure. */
function readCounts(report: string, status: number): Counts {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8')) as JsonReport
    const broken = json.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    ).length
    const failed = json.numFailedTests + broken
    return {
      passed: json.numPassedTests,
      failed: status !== 0 && failed === 0 ? 1 : failed,
      skipped: json.numPendingTests + json.numTodoTests,
    }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

function main(): void {
  const results = [runProject('unit')]
  const missing = missingRequirements()
  if (missing.length === 0) results.push(runProject('lab'))
  else {
    console.log('\nskipped: the lab tests, which run on real hosts. Missing here:')
    for (const line of missing) console.log(`  - ${line}`)
    results.push({ passed: 0, failed: 0, skipped: 1 })
  }
  const sum = (key: keyof Counts): number => results.reduce((total, counts) => total + counts[key], 0)
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
  process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0
}

main()
