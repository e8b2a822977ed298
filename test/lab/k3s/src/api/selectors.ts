import type { KubeObject } from './resources.js'

/** Whether labels match a selector: `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b)`, joined by commas. */
export function matchesLabels(labels: Record<string, string>, selector: string): boolean {
  return splitTerms(selector).every((term) => matchesTerm(labels, term.trim()))
}

function splitTerms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).filter((term) => term.trim() !== '')
}

function matchesTerm(labels: Record<string, string>, term: string): boolean {
  const sets = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term)
  if (sets !== null) {
    const values = (sets[3] ?? '').split(',').map((value) => value.trim())
    const value = labels[sets[1] ?? '']
    return sets[2] === 'in'
      ? value !== undefined && values.includes(value)
      : value === undefined || !values.includes(value)
  }
  const pair = /^([^!=]+?)\s*(!=|==?)\s*(.*)$/.exec(term)
  if (pair !== null) return (labels[pair[1] ?? ''] === pair[3]) === (pair[2] !== '!=')
  return term.startsWith('!') ? labels[term.slice(1)] === undefined : labels[term] !== undefined
}

/** Whether an object matches a field selector of dotted paths: `spec.nodeName=a,status.phase!=Running`. */
export function matchesFields(object: KubeObject, selector: string): boolean {
  return splitTerms(selector).every((term) => {
    const match = /^([\w.]+)(!=|==?)(.*)$/.exec(term.trim())
    if (match === null) return false
    const value = (match[1] ?? '')
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], object)
    return (String(value ?? '') === match[3]) === (match[2] !== '!=')
  })
}

/** Whether labels match a `matchLabels`/`matchExpressions` selector object. An empty one matches everything. */
export function matchesSelector(
  labels: Record<string, string>,
  selector: {
    matchLabels?: Record<string, string>
    matchExpressions?: { key: string; operator: string; values?: string[] }[]
  },
): boolean {
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return (
    exact &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key]
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      if (operator === 'In') return value !== undefined && values.includes(value)
      return value === undefined || !values.includes(value)
    })
  )
}
