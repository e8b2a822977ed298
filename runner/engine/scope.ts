import { type Compiled, constant } from '../expression/index.js'
import type { Layer, Variable } from '../vars/layers.js'
import { environmentName } from '../vars/magic.js'
import { createScope, type HostScope } from '../vars/scope.js'
import type { Batch, Run } from './context.js'
import type { HostRun } from './host.js'
import { type FilesOfHost, filesOfHost } from './host-vars-files.js'
import { magicOf, type ScopeParts } from './magic.js'

/** Everything that a task on a host can name. */
export function taskScope(run: Run, batch: Batch, host: HostRun, parts: ScopeParts = {}): HostScope {
  return createScope(
    layersOf(run, batch, host, parts),
    magicOf({ run, batch, host, parts, scopeOf: (other) => taskScope(run, batch, other) }),
    host.computed,
  )
}

/** The layers of a host, the same list as long as nothing in it is another: most tasks change nothing, and have none of their own. */
function layersOf(run: Run, batch: Batch, host: HostRun, parts: ScopeParts): readonly Layer[] {
  const { play, playVars } = batch
  const environment = parts.environment ?? play.keywords.environment
  const own = parts.layers ?? []
  const inventory = run.inventory.current.layersFor(host.name)
  const plays = playLayers(run, batch, host)
  // What a play exposes is only added to.
  const of = [
    play,
    plays,
    environment,
    playVars,
    inventory,
    host.exposed.size,
    host.included,
    host.variables,
    ...own,
  ]
  const key = parts.layers ? 'ofTask' : 'ofHost'
  const seen = host.layers[key]
  if (seen?.of.length === of.length && of.every((each, index) => each === seen.of[index])) return seen.layers
  const layers: Layer[] = [
    environmentLayer(environment),
    ...inventory,
    ...plays,
    ...host.exposed,
    layerOf('vars-prompt', playVars),
    ...own,
    { name: 'include-vars', vars: host.included },
    { name: 'set-fact', vars: host.variables },
    layerOf('extra-vars', run.options.extraVars),
  ]
  host.layers[key] = { of, layers }
  return layers
}

const environmentLayers = new WeakMap<readonly Compiled[], Layer>()

/** `environment` as a variable: evaluated where it is asked for, so that it may name the item of a loop. */
function environmentLayer(environment: readonly Compiled[]): Layer {
  const layer = environmentLayers.get(environment) ?? newEnvironmentLayer(environment)
  environmentLayers.set(environment, layer)
  return layer
}

function newEnvironmentLayer(environment: readonly Compiled[]): Layer {
  const value: Compiled = {
    names: new Set(environment.flatMap(({ names }) => [...names])),
    evaluate: (scope) => environment.flatMap((each) => each.evaluate(scope)),
  }
  return {
    name: 'command-line',
    vars: new Map([[environmentName, { value, origin: { layer: 'command-line' } }]]),
  }
}

/** The play's layers, with the files of variables that are the host's own. */
function playLayers(run: Run, batch: Batch, host: HostRun): readonly Layer[] {
  const { layers, varsFilesOfHosts } = batch.play
  if (varsFilesOfHosts.length === 0) return layers
  const { layers: own } = varsFilesOf(run, batch, host)
  return layers.map((layer) => own.get(layer) ?? layer)
}

/** What `vars_files` gives a host: its names see the inventory, the facts, the play's variables and `-e`. */
export function varsFilesOf(run: Run, batch: Batch, host: HostRun): FilesOfHost {
  const { varsFilesOfHosts, layers } = batch.play
  return filesOfHost(varsFilesOfHosts, host, () =>
    createScope(
      [
        ...run.inventory.current.layersFor(host.name),
        ...layers,
        layerOf('vars-prompt', batch.playVars),
        layerOf('extra-vars', run.options.extraVars),
      ],
      magicOf({ run, batch, host, parts: {}, scopeOf: (other) => taskScope(run, batch, other) }),
    ),
  )
}

/** Plain data as a layer: never looked into. */
export function layerOf(name: Layer['name'], values: ReadonlyMap<string, unknown>): Layer {
  const vars = new Map<string, Variable>()
  for (const [key, value] of values) vars.set(key, { value: constant(value), origin: { layer: name } })
  return { name, vars }
}
