#!/usr/bin/env node
import { ignoreClosedPipes } from './pipes.js'
import { readVersion } from './version.js'

/** The only reader of process.argv. The version is told without loading the program. */
ignoreClosedPipes()
const argv = process.argv.slice(2)
if (argv.length === 1 && argv[0] === '--version') process.stdout.write(`tsplay ${readVersion()}\n`)
else {
  const { main } = await import('./main.js')
  process.exitCode = await main(argv)
}
