import { type ParseArgsConfig, parseArgs } from 'node:util'
import { didYouMean, InputError } from './errors.js'

/** What `parseArgs` takes of an option, and another long name for it. */
type OptionConfigs = Record<string, NonNullable<ParseArgsConfig['options']>[string] & { alias?: string }>

type Parsed<T extends OptionConfigs> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>
>

/**
 * The words of a command line by a table of options.
 * @throws InputError for an unknown option, with why it is refused or which one was likely meant
 */
export function parseArguments<const T extends OptionConfigs>(
  command: string,
  argv: readonly string[],
  options: T,
  refused: Readonly<Record<string, string>> = {},
): Parsed<T> {
  try {
    return parseArgs({ args: longNames(argv, options), options, allowPositionals: true, strict: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const wanted = /Unknown option '(-{1,2}[^' ]+)/.exec(message)?.[1]
    const name = wanted?.replace(/^-+/, '') ?? ''
    const guess = didYouMean(name, Object.keys(options))
    throw usage(
      wanted ? `unknown option ${wanted}` : message,
      refused[name] ?? (guess ? `did you mean --${guess}?` : `${command} --help lists the options`),
    )
  }
}

/**
 * Aliases as the names they stand for, and a value that looks like options kept as one: `--ssh-common-args '-o A=b'` is
 * read as Ansible reads it, while `--user --check` stays a mistake.
 */
function longNames(argv: readonly string[], options: OptionConfigs): string[] {
  const words: string[] = []
  const end = argv.indexOf('--')
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!
    const given = end === -1 || index < end ? /^--([^=]+)(=.*)?$/s.exec(word) : null
    if (!given) {
      words.push(word)
      continue
    }
    const [, said = '', value = ''] = given
    const name = Object.keys(options).find((one) => options[one]!.alias === said) ?? said
    const next = argv[index + 1]
    const joins = value === '' && options[name]?.type === 'string' && next && /^-.*\s/s.test(next)
    words.push(`--${name}${joins ? `=${next}` : value}`)
    if (joins) index++
  }
  return words
}

/** A mistake on the command line. */
export function usage(message: string, hint?: string): InputError {
  return new InputError([{ code: 'option', message, hint }])
}
