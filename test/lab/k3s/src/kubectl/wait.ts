import type { KubeObject } from '../api/resources.js'
import { CommandError, sleep } from '../core/log.js'
import type { Connection } from './connection.js'
import { type Args, durationMs, flag } from './flags.js'
import { fetchObjects, parseWanted, type Wanted } from './get.js'
import { select } from './jsonpath.js'

type Test = (object: KubeObject) => boolean

function testOf(text: string): Test | 'delete' {
  if (text === 'delete') return 'delete'
  const condition = /^condition=([^=]+)(?:=(.*))?$/i.exec(text)
  if (condition !== null) {
    const [, type = '', status = 'True'] = condition
    return (object) =>
      ((object.status?.conditions ?? []) as { type: string; status: string }[]).some(
        (item) =>
          item.type.toLowerCase() === type.toLowerCase() &&
          item.status.toLowerCase() === status.toLowerCase(),
      )
  }
  const path = /^jsonpath=['"]?\{([^}]*)\}['"]?(?:=['"]?(.*?)['"]?)?$/.exec(text)
  if (path === null) throw new CommandError(`error: unrecognized condition: "${text}"`)
  return (object) => {
    const values = select(path[1] ?? '', object, object).map(String)
    return path[2] === undefined ? values.length > 0 : values.includes(path[2])
  }
}

/** `kubectl wait --for=… TYPE/NAME --timeout=…`. */
export async function wait(connection: Connection, args: Args): Promise<void> {
  const test = testOf(flag(args, 'for') ?? '')
  const timeout = durationMs(flag(args, 'timeout') ?? '30s')
  const end = Date.now() + timeout
  for (const wanted of parseWanted(args.words)) await waitFor(connection, args, wanted, test, end)
}

async function waitFor(
  connection: Connection,
  args: Args,
  wanted: Wanted,
  test: Test | 'delete',
  end: number,
): Promise<void> {
  const kind = wanted.resource.kind.toLowerCase()
  const word = test === 'delete' ? 'deleted' : 'condition met'
  for (;;) {
    const missing: string[] = []
    const objects = await fetchObjects(connection, args, wanted, missing)
    if (test === 'delete' && objects.length === 0) {
      for (const name of wanted.names) process.stdout.write(`${kind}/${name} ${word}\n`)
      return
    }
    if (test !== 'delete') {
      if (missing.length > 0) throw new CommandError(missing.join('\n'))
      if (objects.length === 0) throw new CommandError('error: no matching resources found')
      if (objects.every(test)) {
        for (const object of objects) process.stdout.write(`${kind}/${object.metadata.name} ${word}\n`)
        return
      }
    }
    if (Date.now() >= end)
      throw new CommandError(
        objects
          .map(
            (object) =>
              `error: timed out waiting for the condition on ${wanted.resource.plural}/${object.metadata.name}`,
          )
          .join('\n'),
      )
    await sleep(150)
  }
}
