/** Jinja in a text where it is not interpreted: where the first piece stands, and the same in JavaScript. */
export interface JinjaPiece {
  readonly start: number
  readonly end: number
  /** `<%= … %>`, where the piece is simple enough to be translated. */
  readonly translation?: string | undefined
}

const piece = /\{\{([\s\S]*?)\}\}|\{%-?\s*(?:if|for|set|else|elif|endif|endfor|macro|raw|include)\b/

/** The first `{{ … }}` or `{% … %}` of a text, tags of our own left out. */
export function findJinja(text: string): JinjaPiece | undefined {
  if (!text.includes('{{') && !text.includes('{%')) return undefined
  const match = piece.exec(text.replace(/<%[\s\S]*?%>/g, (tag) => ' '.repeat(tag.length)))
  if (!match) return undefined
  const translated = match[1] === undefined ? undefined : translate(match[1])
  return {
    start: match.index,
    end: match.index + match[0].length,
    translation: translated && `<%= ${translated} %>`,
  }
}

const path = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\]|\['[^']*'\])*$/
const literal = /^(?:'[^'\\]*'|"[^"\\]*"|-?\d+(?:\.\d+)?|\[\]|\{\})$/

/** Filters with a counterpart in JavaScript; `x` is what stands before the bar, `a` the arguments. */
const filters: Readonly<Record<string, (x: string, a: string) => string>> = {
  b64decode: (x) => `b64decode(${x})`,
  b64encode: (x) => `b64encode(${x})`,
  basename: (x) => `basename(${x})`,
  bool: (x) => `${x} === true`,
  default: defaulted,
  d: defaulted,
  dirname: (x) => `dirname(${x})`,
  first: (x) => `${x}[0]`,
  float: (x) => `Number(${x})`,
  from_json: (x) => `fromJson(${x})`,
  from_yaml: (x) => `fromYaml(${x})`,
  int: (x) => `Number(${x})`,
  join: (x, a) => `${x}.join(${a || "''"})`,
  last: (x) => `${x}.at(-1)`,
  length: (x) => `${x}.length`,
  lower: (x) => `${x}.toLowerCase()`,
  quote: (x) => `quote(${x})`,
  string: (x) => `String(${x})`,
  to_json: (x) => `toJson(${x})`,
  to_nice_json: (x) => `toJson(${x}, 4)`,
  to_nice_yaml: (x) => `toYaml(${x})`,
  to_yaml: (x) => `toYaml(${x})`,
  trim: (x) => `${x}.trim()`,
  unique: (x) => `unique(${x})`,
  upper: (x) => `${x}.toUpperCase()`,
}

function defaulted(x: string, a: string): string {
  const [fallback = '', flag] = a.split(/,\s*(?=[Tt]rue$)/)
  const absent = path.test(x) ? `vars.${x.replace(/\.(?=\w)/g, '?.').replace(/\[/g, '?.[')}` : `(${x})`
  return `${absent} ${flag ? '||' : '??'} ${fallback === '' ? "''" : fallback}`
}

/** A path or a literal with simple filters behind it; anything else has no safe translation. */
function translate(text: string): string | undefined {
  const [start = '', ...steps] = text.split('|').map((step) => step.trim())
  if (!path.test(start) && !literal.test(start)) return undefined
  return steps.reduce<string | undefined>((value, step) => {
    const match = /^(\w+)(?:\(([^()]*)\))?$/.exec(step)
    const filter = match && Object.hasOwn(filters, match[1]!) ? filters[match[1]!] : undefined
    return value === undefined || !filter ? undefined : filter(wrap(value), (match?.[2] ?? '').trim())
  }, start)
}

function wrap(value: string): string {
  return /(?:\?\?|\|\||===) /.test(value) ? `(${value})` : value
}
