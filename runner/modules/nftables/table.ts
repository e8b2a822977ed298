/** One rule of our table. The comment is its name. */
export interface NftRule {
  readonly chain: string
  readonly rule: string
  readonly comment: string
}

const head = '# Kept by tsplay. A rule is known by its comment; what is written here by hand is lost.'

/** The file of a table: loading it replaces the table as a whole, in one step, and touches no other. */
export function renderTable(table: string, priority: number, rules: readonly NftRule[]): string {
  const chains = [...new Set(rules.map((rule) => rule.chain))]
  return [
    head,
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...chains.flatMap((chain) => [
      `\tchain ${chain} {`,
      `\t\ttype filter hook ${chain} priority ${priority}; policy accept;`,
      ...rules
        .filter((rule) => rule.chain === chain)
        .map(({ rule, comment }) => `\t\t${rule} comment "${comment}"`),
      '\t}',
    ]),
    '}',
    '',
  ].join('\n')
}

/** The rules of a table, as the file has them or as `nft list table` prints them. Rules without a comment are left out. */
export function readTable(text: string): NftRule[] {
  let chain = ''
  return text.split('\n').flatMap((line) => {
    const opened = /^\s*chain (\S+) \{/.exec(line)?.[1]
    if (opened !== undefined) chain = opened
    const [, rule, comment] = /^\s*(.+?) comment "([^"]*)"(?: # handle \d+)?$/.exec(line) ?? []
    return rule === undefined ? [] : [{ chain, rule, comment: comment! }]
  })
}

/** The rules with one set in its place, or at the end of its chain; or without it. */
export function withRule(rules: readonly NftRule[], wanted: NftRule): NftRule[] {
  const at = rules.findIndex((rule) => rule.comment === wanted.comment && rule.chain === wanted.chain)
  const others = rules.filter((rule) => rule.comment !== wanted.comment)
  if (at < 0) return [...others, wanted]
  const before = rules.slice(0, at).filter((rule) => rule.comment !== wanted.comment).length
  return others.toSpliced(before, 0, wanted)
}
