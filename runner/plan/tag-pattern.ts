import { regexEscape } from '../expression/helpers/text.js'

/** A tag of a template, as it is written. */
export const tag = /<%[\s\S]*?%>/

/** The texts that a template can come to: what stands around its tags is fixed. */
export function tagPattern(written: string): RegExp {
  const fixed = written.split(new RegExp(tag, 'g')).map(regexEscape)
  return new RegExp(`^${fixed.join('.*')}$`, 's')
}
