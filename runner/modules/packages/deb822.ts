type Field = string | string[] | boolean | undefined

/** What is asked of a repository in the form of deb822; lists are words. */
export interface Deb822Order {
  readonly name: string
  readonly fields: Readonly<Record<string, Field>>
}

/** The folder-safe name of a repository, as Ansible makes it. */
export const slugOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/[_\s]+/g, '-')
    .replace(/[^a-z0-9-]+/g, '')

/** The text of a .sources file: one stanza. A value of several lines is indented, and its empty lines are dots. */
export function renderDeb822({ name, fields }: Deb822Order): string {
  const lines = Object.entries<Field>({ 'X-Repolib-Name': name, ...fields }).flatMap(([field, value]) => {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return []
    const text =
      typeof value === 'boolean'
        ? value
          ? 'yes'
          : 'no'
        : typeof value === 'string'
          ? value
          : value.join(' ')
    if (!text.includes('\n')) return [`${field}: ${text}`]
    return [
      `${field}:`,
      ...text
        .trimEnd()
        .split('\n')
        .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`)),
    ]
  })
  return `${lines.join('\n')}\n`
}
