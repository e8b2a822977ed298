import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { claimGuard, renderClaim } from '../../../runner/transport/claim.js'
import { preludeBody } from '../../../runner/transport/frame.js'
import { killScript } from '../../../runner/transport/kill.js'
import { renderScript } from '../../../runner/transport/script.js'

const installed = spawnSync('shellcheck', ['--version']).status === 0
if (!installed) console.warn('skipped: shellcheck is not installed')

it.skipIf(!installed).each([
  ['the prelude', `tsplay_nonce=x\n${preludeBody}tsplay_begin 1\ntsplay_end 1 0\n`],
  [
    'the claim',
    `tsplay_nonce=x\n${preludeBody}${renderClaim({ run: '1-a', owner: 'x', waitSeconds: 0 })}${claimGuard}`,
  ],
  ['the kill script', renderScript(killScript({ parent: 2, child: 3 })).toString()],
])('%s passes shellcheck', (_, input) => {
  const { stdout } = spawnSync('shellcheck', ['-s', 'sh', '-f', 'gcc', '-'], { input, encoding: 'utf8' })
  expect(stdout).toBe('')
})
