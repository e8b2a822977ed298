import { z } from 'zod'
import { Secret } from '../secrets/secret.js'

// zod would write and compile a function for each schema of an object: a run asks each too seldom for that to pay.
z.config({ jitless: true })

const noNul = (value: string) => !value.includes('\0')
const nulMessage = 'a NUL byte cannot reach a host'

const holdsNul = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.includes('\0')
    : typeof value === 'object' &&
      value !== null &&
      Object.entries(value).some(([key, part]) => key.includes('\0') || holdsNul(part))

/** A value of any shape, with no NUL in any of its texts. */
export const withoutNul = <T extends z.ZodType>(type: T) => type.refine((v) => !holdsNul(v), nulMessage)

/** Text; a number counts as its digits. NUL is refused. */
export const text = z.union([z.string().refine(noNul, nulMessage), z.number().transform(String)])

/** Text that is not empty and fits one line: a name. */
export const name = text.refine((v) => v !== '' && !/[\n\r]/.test(v), 'must be one line, not empty')

/** Text, or a secret. */
export const secretText = z.union([text, z.instanceof(Secret)])

/** Text of one line, or a secret of one. */
export const secretLine = secretText.refine((v) => !/[\n\r]/.test(reveal(v)), 'must be one line')

const yes = new Set(['yes', 'true', 'on', 'y', 't', '1'])
const no = new Set(['no', 'false', 'off', 'n', 'f', '0'])

/** A boolean, or one of the words that Ansible takes for one. */
export const bool = z.union([
  z.boolean(),
  z
    .union([z.string(), z.number()])
    .refine((v) => yes.has(`${v}`.toLowerCase()) || no.has(`${v}`.toLowerCase()), 'must be true or false')
    .transform((v) => yes.has(`${v}`.toLowerCase())),
])

/** An integer, or text of one. */
export const int = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/, 'must be an integer')
    .transform(Number),
])

/** Seconds; fractions are allowed. */
export const seconds = z.union([
  z.number().nonnegative(),
  z
    .string()
    .regex(/^\d{1,12}(\.\d+)?$/, 'must be a number of seconds')
    .transform(Number),
])

/** A TCP or UDP port. */
export const port = int.refine((v) => v > 0 && v < 65536, 'must be a port from 1 to 65535')

const pathRule = (v: string) => v.startsWith('/') || v === '~' || v.startsWith('~/')

/** A path on a host: absolute, or below the home of the user that the task runs as. A final slash is kept. */
export const path = z
  .string()
  .refine(noNul, nulMessage)
  .refine(pathRule, 'must be an absolute path, or begin with ~/')

/** A path on the controller, as `Controller.find` takes it. */
export const localPath = z.string().min(1).refine(noNul, nulMessage)

/** A list of texts; one text is a list of one, and commas divide it as Ansible's lists do. */
export const textList = z.union([
  z.array(text),
  text.transform((v) =>
    v
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ),
])

/** A list of names. */
export const nameList = textList.refine((list) => list.every((v) => v !== '' && !/[\n\r]/.test(v)), {
  message: 'every name must be one line, not empty',
})

/** A user or group: a name, or a number. */
export const owner = name.refine(
  (v) => /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(v),
  'is not a user or group name',
)

const usualDigits = new Set(
  [
    '400',
    '440',
    '444',
    '500',
    '550',
    '555',
    '600',
    '640',
    '644',
    '660',
    '664',
    '666',
    '700',
    '710',
    '711',
    '750',
  ]
    .concat(['755', '770', '775', '777', '1777', '2750', '2755', '2770', '2775', '4755', '6755'])
    .map(Number),
)

const symbolicRule = /^([ugoa]*([-+=]([rwxXst]*|[ugo]))+)(,[ugoa]*([-+=]([rwxXst]*|[ugo]))+)*$/

/**
 * A file's mode: octal digits, or symbolic as chmod takes it. A number is the bits themselves, as YAML gives `0644`; one
 * whose decimal digits look like a mode was written without its zero, and is refused rather than set as 01204.
 */
export const mode = z.union([
  z
    .number()
    .int()
    .min(0)
    .max(0o7777)
    .refine((v) => !usualDigits.has(v), "looks like an octal mode without its leading zero: write '0644'")
    .transform((v) => v.toString(8).padStart(4, '0')),
  z
    .string()
    .refine(
      (v) => /^0?o?[0-7]{1,4}$/.test(v) || symbolicRule.test(v),
      "must be octal ('0644') or symbolic ('u=rw,g=r')",
    )
    .transform((v) => (/^0?o?[0-7]+$/.test(v) ? v.replace(/^0?o?(?=[0-7])/, '').padStart(4, '0') : v)),
])

/** `mode`, or `preserve`: that of the source. */
export const modeOrPreserve = z.union([z.literal('preserve'), mode])

/** A part of an SELinux context. */
const contextPart = text
  .refine((v) => /^[A-Za-z0-9_][A-Za-z0-9_.,:-]*$/.test(v), 'is not part of an SELinux context')
  .optional()

/** Owner, group, mode and SELinux context, shared by all that write files. */
export const attributes = {
  mode: mode
    .optional()
    .describe("Octal ('0644') or symbolic ('u=rw,g=r'). Without it: 0644 for a new file, else as it is."),
  owner: owner.optional().describe('User name or id.'),
  group: owner.optional().describe('Group name or id.'),
  seuser: contextPart.describe('The user of the SELinux context; `_default` is the policy’s for the path.'),
  serole: contextPart.describe('The role of the SELinux context.'),
  setype: contextPart.describe('The type of the SELinux context.'),
  selevel: contextPart.describe('The level of the SELinux context: `s0:c1`.'),
}

/** The plain text of a value that may be secret. */
export function reveal(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}
