import type { Identity } from './identities.js'
import type { Settings } from './settings.js'
import type { LoginHooks } from './ssh-hooks.js'

/** One way to log in, as ssh2's authHandler takes it. */
type AuthMethod = { readonly type: string; readonly username: string } & Readonly<Record<string, unknown>>

/** ssh2's authHandler: `next(false)` says that nothing is left. What it is told of the host is not always fresh. */
type AuthHandler = (left: unknown, partial: unknown, next: (method: AuthMethod | false) => void) => void

/** Offers each credential once, in the order of `methods`. */
export interface Authentication {
  readonly handler: AuthHandler
  /** What was offered so far, for the message. Not empty: host keys were verified and authentication has begun. */
  readonly tried: readonly string[]
}

interface Offer {
  readonly name: string
  readonly type: Settings['methods'][number]
  readonly method: (hooks: LoginHooks) => Omit<AuthMethod, 'username'>
}

/**
 * There is no `none` probe (it would cost a round trip). keyboard-interactive takes the password only where the
 * server does not take it by `password`: a wrong one must not count twice towards a lock-out.
 */
export function authentication(
  settings: Settings,
  identities: readonly Identity[],
  hooks: () => LoginHooks,
): Authentication {
  const tried: string[] = []
  const offers = settings.methods.flatMap((method) => offersOf(method, settings, identities))
  const handler: AuthHandler = (_left, _partial, next) => {
    const { left, partial } = hooks()
    for (let offer = offers.shift(); offer; offer = offers.shift()) {
      if (left && !left.includes(offer.type)) continue
      const passwordTaken = tried.includes('password') && (!left || left.includes('password'))
      if (offer.type === 'keyboard-interactive' && passwordTaken && !partial) continue
      tried.push(offer.name)
      next({ ...offer.method(hooks()), username: settings.user } as AuthMethod)
      return
    }
    next(false)
  }
  return { handler, tried }
}

function offersOf(type: Offer['type'], settings: Settings, identities: readonly Identity[]): Offer[] {
  if (type === 'publickey')
    return identities.map((identity) => ({
      name: identity.label,
      type,
      method: (hooks) => ({ type: 'agent', agent: hooks.agentOf(identity) }),
    }))
  const password = settings.password?.reveal()
  if (password === undefined) return []
  if (type === 'password') return [{ name: 'password', type, method: () => ({ type, password }) }]
  return [{ name: 'keyboard-interactive', type, method: () => ({ type, prompt: answerOnce(password) }) }]
}

/**
 * The password answers the first question whose answer is not shown. Whatever else the host asks (a code, a new
 * password, the same again) is answered with nothing: it is not the password's business, and a wrong one must not count
 * twice.
 */
function answerOnce(password: string): (...args: PromptArguments) => void {
  let given = false
  return (...[, , , prompts, finish]) =>
    finish(
      prompts.map(({ echo }) => {
        if (given || echo) return ''
        given = true
        return password
      }),
    )
}

type PromptArguments = [
  name: string,
  instructions: string,
  language: string,
  prompts: readonly { readonly echo?: boolean }[],
  finish: (answers: string[]) => void,
]
