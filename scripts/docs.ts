import { writeFileSync } from 'node:fs'
import { expressionsPage } from './docs/expressions.js'
import { keywordsPage } from './docs/keywords.js'
import { modulesPage } from './docs/modules.js'
import { rolePages } from './docs/roles.js'

/** Pages that are made from the code, and tables in READMEs of roles; a test holds that they are up to date. */
export const pages: Readonly<Record<string, () => string>> = {
  'docs/expressions.md': expressionsPage,
  'docs/keywords.md': keywordsPage,
  'docs/modules.md': modulesPage,
  ...rolePages(),
}

if (process.argv[1] === import.meta.filename)
  for (const [path, page] of Object.entries(pages))
    writeFileSync(new URL(`../${path}`, import.meta.url), page())
