import { controlModules } from '../../runner/modules/control/index.js'
import { docMarkdown } from '../../runner/modules/doc.js'
import type { AnyModule } from '../../runner/modules/module.js'
import { moduleAliases, modules } from '../../runner/modules/registry.js'
import { directiveDocs } from '../../runner/plan/directives.js'

/** docs/modules.md: every module, from its schema. */
export function modulesPage(): string {
  const others = [...controlModules, ...directiveDocs] as readonly unknown[] as AnyModule[]
  const all = [...Object.values(modules), ...others]
  const sorted = all.sort((a, b) => (a.name < b.name ? -1 : 1))
  const aliases = (name: string) =>
    Object.keys(moduleAliases).filter((alias) => moduleAliases[alias] === name)
  return `# Modules

Each has the name and the arguments that it has in Ansible, as far as they are listed; an argument that is not is an
error before any host is touched; those of ansible-core that are refused are listed under each, with what to do
instead. \`tsplay doc MODULE\` shows the same at the terminal. \`npm run docs\` writes this page
from the schemas of \`runner/modules/\`.

## What they are tested on
The cases in \`test/cases/\` run over SSH on hosts whose \`/bin/sh\` is dash, bash and busybox, and so do the tests of what needs
a package manager, a daemon, a cluster or a reboot. The programs are real: dnf, zypper, pacman, rpm and OpenRC are Debian's packages of them, apk is Alpine's own 3.0, where
the tests are run with \`TSPLAY_LAB_APK=1\` (of 2.14 only what it prints and the database that it keeps). SELinux contexts are tested with the real \`matchpathcon\` and \`chcon\`, a
short list of contexts and the attribute \`security.selinux\` of files, on a kernel without SELinux, whose file
\`/sys/fs/selinux/enforce\` is pretended; \`setenforce\` and an enforcing kernel were never met.

## The modules
${sorted.map(({ name, doc }) => `- [${name}](#${name}): ${doc.summary}`).join('\n')}

${sorted.map((module) => docMarkdown(module, aliases(module.name))).join('\n')}`
}
