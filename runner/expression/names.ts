/** JavaScript's own names that expressions and templates may use. None of them reaches outside the value world. */
export const allowedGlobals: ReadonlySet<string> = new Set([
  ...[
    'Array',
    'BigInt',
    'Boolean',
    'Date',
    'Error',
    'JSON',
    'Map',
    'Math',
    'Number',
    'Object',
    'RegExp',
    'Set',
  ],
  ...['String', 'TypeError', 'URL', 'URLSearchParams', 'Infinity', 'NaN', 'undefined'],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent'],
  ...['isFinite', 'isNaN', 'parseFloat', 'parseInt', 'structuredClone'],
])

/** Names of Node.js and JavaScript that people may try, and that are refused by name. */
const refusedGlobals: ReadonlySet<string> = new Set([
  ...['eval', 'Function', 'arguments', 'process', 'require', 'module', 'exports', 'global', 'globalThis'],
  ...['Buffer', 'console', 'fetch', 'Promise', 'Proxy', 'Reflect', 'Symbol', 'WebAssembly', 'Worker'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'],
  ...['queueMicrotask', '__dirname', '__filename'],
])

/** Names that the code which EJS generates uses for itself: a variable of that name would break or undo it. */
export const templateNames: ReadonlySet<string> = new Set([
  ...['__append', '__line', '__lines', '__locals', '__output', '__filename'],
  ...['escapeFn', 'include', 'locals', 'rethrow'],
])

/** Words that JavaScript (strict) keeps for itself. */
export const javascriptWords: ReadonlySet<string> = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally ' +
    'for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof var void while with yield'
  ).split(' '),
)

/** The name under which all variables stand: `vars.NAME` gives `undefined` where nothing defines it. */
export const varsName = 'vars'
/** The variables of each host: who asks for one of them has looked at that one alone. */
export const hostVarsName = 'hostvars'

/** Why a free name of that spelling is refused in expressions. */
export function refusedName(name: string): string | undefined {
  if (!refusedGlobals.has(name)) return undefined
  return `${name} cannot be used here: expressions see variables and facts, not the program that runs them`
}

/**
 * Why no variable may have this name; `undefined` if it may. Variables are names in JavaScript, so its words, its
 * globals and what templates and helpers are called are taken.
 */
export function variableNameProblem(name: string, helpers: ReadonlySet<string>): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return 'a variable is named with letters, digits and _, no digit first'
  if (javascriptWords.has(name)) return `${name} is a word of JavaScript`
  if (helpers.has(name)) return `${name} is the name of a helper`
  if (templateNames.has(name)) return `${name} is a name that templates use for themselves`
  if (name === varsName) return 'vars stands for all variables'
  if (allowedGlobals.has(name) || refusedGlobals.has(name)) return `${name} is a name of JavaScript's own`
  return undefined
}
