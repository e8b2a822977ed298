import { type Diagnostic, didYouMean, InputError } from '../errors.js'
import type { Include, Plan, PlanNode, Play } from './plan.js'

/** `--tags` and `--skip-tags`; no `only` means all (Ansible's default). */
export interface TagChoice {
  readonly only: readonly string[]
  readonly skip: readonly string[]
}

/** Words with a meaning of their own on the command line. */
const special: ReadonlySet<string> = new Set(['all', 'always', 'never', 'tagged', 'untagged'])

const untagged = ['untagged']
const everything = ['all']

/** Ansible's decision for a task with these tags, its own and inherited ones (`Taggable.evaluate_tags`). */
function isSelected(own: readonly string[], { only, skip }: TagChoice): boolean {
  const isTagged = own.length > 0
  const tags = isTagged ? own : untagged
  const meets = (wanted: readonly string[]): boolean => wanted.some((tag) => tags.includes(tag))
  const wanted = only.length > 0 ? only : everything
  const chosen =
    tags.includes('always') ||
    (wanted.includes('all') && !tags.includes('never')) ||
    meets(wanted) ||
    (wanted.includes('tagged') && isTagged && !tags.includes('never'))
  if (!chosen) return false
  if (skip.includes('all')) return tags.includes('always') && !skip.includes('always')
  return !meets(skip) && !(skip.includes('tagged') && isTagged)
}

/**
 * The plan without what the tags leave out. Handlers are not chosen by tags: they run where they are notified.
 * @throws InputError for a tag that no play and no task has
 */
export function selectTags(plan: Plan, choice: TagChoice): Plan {
  checkTags(plan, choice)
  return { ...plan, plays: plan.plays.map((play) => selectPlay(play, choice)) }
}

/** Facts are gathered, and handlers flushed, whatever the tags, unless the play itself has tags and is left out. */
function selectPlay(play: Play, choice: TagChoice): Play {
  const { tags } = play.keywords
  const isPlaySelected = isSelected(tags.length > 0 ? tags : ['always'], choice)
  const isFlushed = tags.length === 0 || isSelected(tags, choice)
  return {
    ...play,
    gatherFacts: isPlaySelected ? play.gatherFacts : false,
    nodes: selectNodes(play.nodes, choice, isFlushed),
  }
}

/** What is left of these nodes; a block of which nothing is left goes with it. */
function selectNodes(nodes: readonly PlanNode[], choice: TagChoice, isFlushed = true): PlanNode[] {
  return nodes.flatMap((node) => selectNode(node, choice, isFlushed) ?? [])
}

function selectNode(node: PlanNode, choice: TagChoice, isFlushed: boolean): PlanNode | undefined {
  const inner = (children: readonly PlanNode[]) => selectNodes(children, choice, isFlushed)
  if (node.kind === 'meta' && node.implicit) return isFlushed ? node : undefined
  if (node.kind === 'block') {
    const left = { ...node, block: inner(node.block), rescue: inner(node.rescue), always: inner(node.always) }
    return left.block.length + left.rescue.length + left.always.length > 0 ? left : undefined
  }
  if (node.kind === 'include')
    return isSelected(node.task.keywords.tags, choice)
      ? {
          ...node,
          children: inner(node.children),
          ...(node.load && { load: selectLoaded(node.load, choice) }),
        }
      : undefined
  return isSelected(node.kind === 'task' ? node.keywords.tags : node.tags, choice) ? node : undefined
}

function selectLoaded(load: NonNullable<Include['load']>, choice: TagChoice): NonNullable<Include['load']> {
  return {
    ...load,
    read: (names) => {
      const included = load.read(names)
      return { ...included, children: selectNodes(included.children, choice) }
    },
  }
}

/** Every tag of these nodes, those of plays and blocks included, since each task has the tags around it. */
export function tagsOf(nodes: readonly PlanNode[]): Set<string> {
  return new Set(nodes.flatMap(nodeTags))
}

function nodeTags(node: PlanNode): string[] {
  switch (node.kind) {
    case 'task':
      return [...node.keywords.tags]
    case 'meta':
      return [...node.tags]
    case 'include':
      return [...node.task.keywords.tags, ...node.children.flatMap(nodeTags)]
    case 'block':
      return [...node.block, ...node.rescue, ...node.always].flatMap(nodeTags)
  }
}

function checkTags(plan: Plan, choice: TagChoice): void {
  if (choice.only.length + choice.skip.length === 0) return
  const known = new Set(plan.plays.flatMap((play) => [...play.keywords.tags, ...tagsOf(play.nodes)]))
  const problems: Diagnostic[] = []
  const check = (option: string, tags: readonly string[]): void => {
    for (const tag of tags) {
      if (known.has(tag) || special.has(tag)) continue
      const guess = didYouMean(tag, [...known, ...special])
      problems.push({
        code: 'option',
        message: `${option}: nothing in the playbooks has the tag '${tag}'`,
        hint: guess ? `did you mean '${guess}'?` : '--list-tags lists the tags',
      })
    }
  }
  check('--tags', choice.only)
  check('--skip-tags', choice.skip)
  if (problems.length > 0) throw new InputError(problems)
}
