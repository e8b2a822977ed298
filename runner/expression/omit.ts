/** The value of the variable `omit`: the argument, key or item that holds it is left out. */
export const omit: unique symbol = Symbol('omit')
