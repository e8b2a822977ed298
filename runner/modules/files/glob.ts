/** Whether a name matches a shell glob: `*`, `?`, `[a-z]`, `[!a-z]`. The whole name must match. */
export function matchesGlob(pattern: string, name: string): boolean {
  return toRegExp(pattern, '.').test(name)
}

/** Whether a path matches as rsync has it: `*` and `?` stay within a folder's name, `**` does not. */
export function matchesPathGlob(pattern: string, path: string): boolean {
  return toRegExp(pattern, '[^/]').test(path)
}

function toRegExp(pattern: string, any: string): RegExp {
  let source = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at]!
    const set = char === '[' ? /^\[(!?)(\]?[^\]]*)\]/.exec(pattern.slice(at)) : null
    if (set) {
      source += `[${set[1] ? '^' : ''}${set[2]!.replace(/[\\\]^[]/g, '\\$&')}]`
      at += set[0].length - 1
    } else if (pattern.startsWith('**', at)) {
      source += '.*'
      at += 1
    } else if (char === '*') source += `${any}*`
    else if (char === '?') source += any
    else source += char.replace(/[\\^$.|+(){}[\]]/g, '\\$&')
  }
  return new RegExp(`^${source}$`, 'su')
}
