import { writeFileSync } from 'node:fs'
import { expressionsPage } from './docs/expressions.js'
import { keywordsPage } from './docs/keywords.js'
import { modulesPage } from './docs/modules.js'

/** Pages of docs/ that are made from the code; a test holds that they are up to date. */
export const pages: Readonly<Record<string, () => string>> = {
  'docs/expressions.md': expressionsPage,
  'docs/keywords.md': keywordsPage,
  'docs/modules.md': modulesPage,
}

if (process.argv[1] === import.meta.filename)
  for (const [path, page] of Object.entries(pages))
    writeFileSync(new URL(`../${path}`, import.meta.url), page())
