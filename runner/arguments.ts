import { type ParseArgsConfig, parseArgs } from 'node:util'
import { didYouMean, InputError } from './errors.js'

type Parsed<T extends NonNullable<ParseArgsConfig['options']>> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>
>

/** The words of a command line by a table of options. @throws InputError for an unknown option, with the likely one */
export function parseArguments<const T extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  argv: readonly string[],
  options: T,
): Parsed<T> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const wanted = /Unknown option '(-{1,2}[^' ]+)/.exec(message)?.[1]
    const guess = wanted && didYouMean(wanted.replace(/^-+/, ''), Object.keys(options))
    throw usage(
      wanted ? `unknown option ${wanted}` : message,
      guess ? `did you mean --${guess}?` : `${command} --help lists the options`,
    )
  }
}

/** A mistake on the command line. */
export function usage(message: string, hint?: string): InputError {
  return new InputError([{ code: 'option', message, hint }])
}
