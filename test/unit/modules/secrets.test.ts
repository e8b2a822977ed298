import { expect, test } from 'vitest'
import { findModule } from '../../../runner/modules/registry.js'
import { Secret } from '../../../runner/secrets/secret.js'
import { bench, runModule, shells } from '../../support/cases.js'

const hidden = 'hunter2-and-more'

test.each([
  ['copy', { content: new Secret(hidden), dest: '$DIR/x' }],
  ['copy', { content: { token: new Secret(hidden) }, dest: '$DIR/x' }],
  ['command', { cmd: new Secret(`sh -c 'printf "%s" "$0" > "$HOME/x"' ${hidden}`) }],
  ['shell', { cmd: new Secret(`printf '"${hidden}"' > ~/x`) }],
])('%s writes a secret and shows none of it', async (name, raw) => {
  const [shell, ...others] = shells()
  const on = bench({ name, args: raw, expect: {} }, shell!)
  try {
    const args = 'dest' in raw ? { ...raw, dest: `${on.dir}/x` } : raw
    const { change, fields } = await runModule(findModule(name)!, args, on, true)
    expect(await on.sh('cat x')).toContain(hidden)
    expect(JSON.stringify([change?.summary, change?.differences, fields])).not.toContain(hidden)
  } finally {
    on.close()
    for (const one of [shell!, ...others]) one.close()
  }
})
