import fc from 'fast-check'

/** Where code points begin that are characters again, after the halves of pairs. */
const [halves, after] = [0xd800, 0xe000]

/**
 * Any text, as `fc.string({ unit: 'binary' })` gives it, which makes a table of all 1,112,064 characters first: that
 * takes seconds.
 */
export const anyText = (): fc.Arbitrary<string> => fc.string({ unit: character })

const character = fc.nat(0x10ffff - (after - halves)).map(
  (index) => String.fromCodePoint(index < halves ? index : index + (after - halves)),
  (value) => {
    const code = typeof value === 'string' ? (value.codePointAt(0) ?? -1) : -1
    if (code < 0 || value !== String.fromCodePoint(code)) throw new Error('not one character')
    return code < halves ? code : code - (after - halves)
  },
)
