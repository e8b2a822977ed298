import { isDeepStrictEqual } from 'node:util'
import { didYouMean } from '../errors.js'
import { EvaluationError, type Scope } from './compiled.js'
import { helperFunctions } from './helpers.js'
import type { JinjaAnalysis } from './jinja-analyse.js'
import { ansibleFact, ansibleFacts, factNameOf } from './jinja-facts.js'
import { applyFilter, toText } from './jinja-filters.js'
import { Environment, Interpreter, type JinjaNode, type RuntimeValue } from './jinja-package.js'
import { toPlainValue, toRuntime } from './jinja-values.js'
import { varsName } from './names.js'
import { resolveName } from './run.js'

/** More steps than any template of a person takes: a loop in a loop in a loop ends. */
const maxSteps = 100_000

/**
 * The package's interpreter with what Ansible adds: names come from our scope, filters are ours, an undefined value is
 * an error unless it is asked for, and the number of steps is bounded.
 */
export class JinjaRun extends Interpreter {
  private steps = 0

  constructor(
    private readonly scope: Scope,
    private readonly analysis: JinjaAnalysis,
  ) {
    const globals = new Environment()
    for (const [name, value] of [
      ['true', true],
      ['false', false],
      ['none', null],
    ] as const) {
      globals.set(name, value)
      globals.set(name[0]!.toUpperCase() + name.slice(1), value)
    }
    globals.set('range', helperFunctions.get('range'))
    super(globals)
  }

  override evaluate(node: JinjaNode | undefined, environment: Environment): RuntimeValue {
    if (++this.steps > maxSteps) throw new EvaluationError(`this takes more than ${maxSteps} steps`)
    if (!node) return super.evaluate(node, environment)
    const value = this.compute(node, environment)
    const isUndefined = value.type === 'UndefinedValue'
    if (isUndefined && node.type !== 'Program' && !this.analysis.lenient.has(node))
      throw this.undefinedError(node)
    return this.analysis.printed.has(node) ? toRuntime(toText(toPlainValue(value))) : value
  }

  private compute(node: JinjaNode, environment: Environment): RuntimeValue {
    if (node.type === 'Identifier') return this.name(String(node.value), environment)
    if (node.type === 'FilterExpression') return this.filter(node, environment)
    if (node.type === 'BinaryExpression') {
      const { value: operator } = node.operator as { value: string }
      const sides = () =>
        [node.left, node.right].map((side) => toPlainValue(this.evaluate(side as JinjaNode, environment)))
      if (operator === '==') return toRuntime(isDeepStrictEqual(...(sides() as [unknown, unknown])))
      if (operator === '!=') return toRuntime(!isDeepStrictEqual(...(sides() as [unknown, unknown])))
      if (operator === '~') return toRuntime(sides().map(toText).join(''))
    }
    return super.evaluate(node, environment)
  }

  private name(name: string, environment: Environment): RuntimeValue {
    const own = environment.lookupVariable(name)
    if (own.type !== 'UndefinedValue') return own
    if (name === varsName) return toRuntime(resolveName(name, this.scope))
    const found = this.scope.lookup(name)
    if (found) return toRuntime(found.value)
    const fact = factNameOf(name)
    if (name !== 'ansible_facts' && !fact) return own
    const facts = this.scope.lookup('facts')
    if (!facts) return own
    return toRuntime(fact ? ansibleFact(facts.value, fact) : ansibleFacts(facts.value))
  }

  private filter(node: JinjaNode, environment: Environment): RuntimeValue {
    const filter = node.filter as JinjaNode
    const operand = toPlainValue(this.evaluate(node.operand as JinjaNode, environment))
    const positional: unknown[] = []
    const named = new Map<string, unknown>()
    for (const argument of (filter.args as JinjaNode[] | undefined) ?? []) {
      const isNamed = argument.type === 'KeywordArgumentExpression'
      const value = toPlainValue(
        this.evaluate((isNamed ? argument.value : argument) as JinjaNode, environment),
      )
      if (isNamed) named.set(String((argument.key as JinjaNode).value), value)
      else positional.push(value)
    }
    const name = String(((filter.callee as JinjaNode | undefined) ?? filter).value)
    return toRuntime(applyFilter(name, operand, { positional, named }))
  }

  private undefinedError(node: JinjaNode): EvaluationError {
    if (node.type !== 'Identifier')
      return new EvaluationError(
        `${shown(node)} is undefined`,
        undefined,
        'give it a default: … | default(…)',
      )
    const name = String(node.value)
    const meant = didYouMean(name, this.scope.names())
    const hint = meant ? `did you mean ${meant}?` : `if it may be absent, write ${name} | default(…)`
    return new EvaluationError(`nothing defines the variable ${name}`, undefined, hint)
  }
}

/** A path as it was written, as far as it is one. */
function shown(node: JinjaNode): string {
  if (node.type === 'Identifier' || node.type === 'IntegerLiteral') return String(node.value)
  if (node.type === 'StringLiteral') return `'${String(node.value)}'`
  if (node.type !== 'MemberExpression') return 'this value'
  const [object, property] = [shown(node.object as JinjaNode), shown(node.property as JinjaNode)]
  return node.computed ? `${object}[${property}]` : `${object}.${property}`
}
