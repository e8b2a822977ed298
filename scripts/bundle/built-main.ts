import { fileURLToPath } from 'node:url'
import { readProgram } from './built-program.js'

/** Stands in for runner/main.ts in what is built. */
export const { main, api } = readProgram(fileURLToPath(new URL('./program.cjs', import.meta.url))).program
