/** A text is no Python literal. */
class NoLiteral extends Error {}

/**
 * The value of a text as `ast.literal_eval` reads it: what Ansible does to every value of an INI inventory. Numbers,
 * strings, `True`, `False`, `None`, lists, tuples and dictionaries; a comment may follow. Anything else stays the text
 * that it is, as in Ansible. Whole numbers that JavaScript cannot hold, sets, bytes and complex numbers stay text, too.
 */
export function pythonLiteral(text: string): unknown {
  try {
    return new Reader(text).whole()
  } catch (error) {
    if (error instanceof NoLiteral) return text
    throw error
  }
}

/** Deeper than any inventory; below it the stack is safe. */
const maxDepth = 100

const numberForm =
  /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d+)?|\d(?:_?\d)*\.?(?:[eE][+-]?\d+)?)(?![\w.])/y

const escapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' },
  ...{ '\\': '\\', "'": "'", '"': '"', '\n': '' },
}

class Reader {
  private at = 0
  private depth = 0

  constructor(private readonly text: string) {}

  whole(): unknown {
    this.space()
    const value = this.list(undefined)
    if (this.at < this.text.length) throw new NoLiteral()
    return value
  }

  /** Values up to `close`; a comma makes them a tuple. Without `close`, up to the end. */
  private list(close: string | undefined): unknown {
    const items: unknown[] = []
    let commas = 0
    while (this.at < this.text.length && this.text[this.at] !== close) {
      if (items.length > commas) throw new NoLiteral()
      items.push(this.value())
      if (this.eat(',')) commas++
    }
    if (items.length === 0 && close === undefined) throw new NoLiteral()
    return items.length === 1 && commas === 0 ? items[0] : items
  }

  private value(): unknown {
    if (++this.depth > maxDepth) throw new NoLiteral()
    const value = this.unguarded()
    this.depth--
    return value
  }

  private unguarded(): unknown {
    if (this.eat('[')) return this.closed(']', () => this.items(']'))
    if (this.eat('(')) return this.closed(')', () => this.list(')'))
    if (this.eat('{')) return this.closed('}', () => this.pairs())
    const sign = this.text[this.at] === '-' || this.text[this.at] === '+' ? this.text[this.at++] : undefined
    if (sign !== undefined) this.space()
    const number = this.number()
    if (number !== undefined) return sign === '-' ? -number : number
    if (sign !== undefined) throw new NoLiteral()
    const word = this.word()
    return word === undefined ? this.strings() : word
  }

  private closed<T>(close: string, read: () => T): T {
    const value = read()
    if (!this.eat(close)) throw new NoLiteral()
    return value
  }

  private items(close: string): unknown[] {
    const items: unknown[] = []
    while (this.at < this.text.length && this.text[this.at] !== close) {
      items.push(this.value())
      if (!this.eat(',')) break
    }
    return items
  }

  private pairs(): object {
    const pairs: [string, unknown][] = []
    while (this.at < this.text.length && this.text[this.at] !== '}') {
      const key = this.value()
      if (!this.eat(':') || (typeof key === 'object' && key !== null)) throw new NoLiteral()
      pairs.push([key === null ? 'null' : String(key), this.value()])
      if (!this.eat(',')) break
    }
    return Object.fromEntries(pairs)
  }

  private number(): number | undefined {
    numberForm.lastIndex = this.at
    const [found] = numberForm.exec(this.text) ?? []
    if (found === undefined) return undefined
    const isWhole = /^(?:0[xXoObB]|[\d_]+$)/.test(found)
    const value = Number(found.replaceAll('_', ''))
    // Python 3 refuses 0644: it stays text.
    if ((isWhole && !Number.isSafeInteger(value)) || /^0[\d_]*[1-9][\d_]*$/.test(found)) throw new NoLiteral()
    this.at += found.length
    this.space()
    return value
  }

  private word(): boolean | null | undefined {
    const [found] = /^(?:True|False|None)(?!\w)/.exec(this.text.slice(this.at, this.at + 6)) ?? []
    if (found === undefined || this.text[this.at] === "'" || this.text[this.at] === '"') return undefined
    this.at += found.length
    this.space()
    return found === 'None' ? null : found === 'True'
  }

  /** Strings that stand side by side are one. */
  private strings(): string {
    let text = this.string()
    if (text === undefined) throw new NoLiteral()
    for (let next = this.string(); next !== undefined; next = this.string()) text += next
    return text
  }

  private string(): string | undefined {
    const [, prefix = '', quotes = ''] =
      /^([rRuU]?)('''|"""|'|")/.exec(this.text.slice(this.at, this.at + 4)) ?? []
    if (quotes === '') return undefined
    this.at += prefix.length + quotes.length
    const raw = /r/i.test(prefix)
    let text = ''
    while (!this.text.startsWith(quotes, this.at)) {
      const character = this.text[this.at]
      if (character === undefined || (character === '\n' && quotes.length === 1)) throw new NoLiteral()
      this.at++
      text += character !== '\\' ? character : raw ? `\\${this.text[this.at++] ?? ''}` : this.escape()
    }
    this.at += quotes.length
    this.space()
    return text
  }

  private escape(): string {
    const rest = this.text.slice(this.at, this.at + 9)
    const coded = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(rest)
    const octal = /^[0-7]{1,3}/.exec(rest)
    const [whole] = coded ?? octal ?? []
    if (whole === undefined) {
      const character = this.text[this.at++]
      if (character === undefined || /[xuUN]/.test(character)) throw new NoLiteral()
      return escapes[character] ?? `\\${character}`
    }
    this.at += whole.length
    const point = octal ? Number.parseInt(whole, 8) : Number.parseInt(whole.slice(1), 16)
    if (point > 0x10_ffff) throw new NoLiteral()
    return String.fromCodePoint(point)
  }

  private eat(character: string): boolean {
    if (this.text[this.at] !== character) return false
    this.at++
    this.space()
    return true
  }

  /** White space, and a comment at the end. */
  private space(): void {
    while (/[ \t\f]/.test(this.text[this.at] ?? '')) this.at++
    if (this.text[this.at] === '#') this.at = this.text.length
  }
}
