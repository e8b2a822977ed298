import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTap, type RunEvent } from '../../../runner/events.js'
import { createRedactor } from '../../../runner/secrets/redact.js'
import { Secret } from '../../../runner/secrets/secret.js'

describe('redaction', () => {
  it('hides a value in every form it travels in', () => {
    const redactor = createRedactor()
    const secret = `p"a ss'w&rd`
    redactor.add(secret)
    const forms = [
      secret,
      Buffer.from(secret).toString('base64'),
      encodeURIComponent(secret),
      JSON.stringify(secret),
      `'${secret.replaceAll("'", "'\\''")}'`,
    ]
    for (const form of forms)
      expect(redactor.text(`x ${form} y`)).not.toContain(form.replaceAll(/^["']|["']$/g, ''))
  })

  it('leaves nothing of a secret in any string of an event', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
        const redactor = createRedactor()
        redactor.add(new Secret(secret))
        const shown: RunEvent[] = []
        const emit = createTap(redactor, [{ handle: (event) => shown.push(event) }])
        emit({ type: 'message', level: 'info', text: before + secret + after })
        return (
          secret === '***' ||
          !JSON.stringify(shown).includes(JSON.stringify(secret).slice(1, -1)) ||
          '***'.includes(secret)
        )
      }),
    )
  })

  it('hides in a text that was shown before what has become a secret since', () => {
    const redactor = createRedactor()
    redactor.add('first secret')
    expect(redactor.text('name: second secret')).toBe('name: second secret')
    redactor.add('second secret')
    expect(redactor.text('name: second secret')).toBe('name: ***')
    expect(redactor.clean({ 'second secret': ['first secret'] })).toEqual({ '***': ['***'] })
  })

  it('hides whole files, the longest of those that begin alike', () => {
    const redactor = createRedactor()
    const head = '-----BEGIN PRIVATE KEY-----\n'
    for (const end of ['a', 'ab', 'c'.repeat(5000)]) redactor.add(head + end)
    expect(redactor.text(`${head}d`)).toBe(`${head}d`)
    expect(redactor.text(`${head}ab ${head}${'c'.repeat(5001)}`)).toBe('*** ***c')
  })

  it('does not blank out short words', () => {
    const redactor = createRedactor()
    redactor.add('abc')
    expect(redactor.text('abc')).toBe('abc')
  })

  it('shows a Secret nowhere', () => {
    const secret = new Secret('hunter22')
    expect(
      [`${secret}`, JSON.stringify({ secret }), inspect(secret), inspect({ a: [secret] })].join(),
    ).not.toContain('hunter22')
    expect(secret.reveal()).toBe('hunter22')
  })
})
