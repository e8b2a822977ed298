import { expect, it } from 'vitest'
import { byLine } from '../../../runner/engine/live.js'

it('passes whole lines, whatever the chunks', () => {
  const passed: string[] = []
  const lines = byLine((text) => passed.push(text))
  const bytes = Buffer.from('grüße\nein geheimes wort\nrest')
  for (const byte of bytes) lines.push(Buffer.from([byte]))
  lines.end()
  expect(passed).toEqual(['grüße\n', 'ein geheimes wort\n', 'rest'])
})
