import { quote } from '../../transport/quote.js'
import { text } from '../schema.js'
import { splitWords, WordsError } from '../words.js'

/** `validate`: a command with `%s` for the file that is about to take the name. Split into words; no shell reads it. */
export const validateArg = text
  .refine((v) => v.includes('%s'), 'must contain %s, which stands for the file')
  .refine((v) => canSplit(v), 'has a quote that is not closed')
  .optional()
  .describe('A command that must succeed before the file takes its name; %s stands for the new file.')

function canSplit(value: string): boolean {
  try {
    return splitWords(value).length > 0
  } catch (error) {
    if (error instanceof WordsError) return false
    throw error
  }
}

/** The line of sh that the write script evaluates: every word quoted, `%s` as the temporary file. */
export function validatorOf(command: string | undefined): string {
  if (command === undefined) return ''
  return splitWords(command)
    .map((word) => word.split('%s').map(quoted).join('"$fs_temp"'))
    .join(' ')
}

const quoted = (part: string) => (part === '' ? '' : quote(part).toString('utf8'))
