import { pathOf, type Resource } from '../api/resources.js'
import { CommandError } from '../core/log.js'
import { objectsOf, placeOf } from './apply.js'
import { type Connection, ServerError } from './connection.js'
import { type Args, flag, isOn } from './flags.js'
import { fetchObjects, namespaceOf, parseWanted } from './get.js'

/** `kubectl delete`. */
export async function remove(connection: Connection, args: Args): Promise<void> {
  const problems: string[] = []
  if (args.flags.has('filename')) {
    for (const object of await objectsOf(args)) {
      const { resource, namespace } = placeOf(args, object)
      await removeOne(connection, args, resource, namespace, object.metadata.name, problems)
    }
  } else {
    for (const wanted of parseWanted(args.words)) {
      const all =
        isOn(args, 'all') ||
        flag(args, 'selector') !== undefined ||
        flag(args, 'field-selector') !== undefined
      if (wanted.names.length === 0 && !all)
        throw new CommandError('error: resource(s) were provided, but no name was specified')
      const chosen =
        wanted.names.length > 0
          ? wanted.names.map((name) => ({ name, namespace: namespaceOf(args) }))
          : (await fetchObjects(connection, args, wanted, problems)).map((object) => ({
              name: object.metadata.name,
              namespace: object.metadata.namespace ?? namespaceOf(args),
            }))
      for (const { name, namespace } of chosen)
        await removeOne(connection, args, wanted.resource, namespace, name, problems)
    }
  }
  if (problems.length > 0) throw new CommandError(problems.join('\n'))
}

async function removeOne(
  connection: Connection,
  args: Args,
  resource: Resource,
  namespace: string,
  name: string,
  problems: string[],
): Promise<void> {
  try {
    await connection.call('DELETE', pathOf(resource, namespace, name))
    const group = resource.apiVersion.includes('/') ? `.${resource.apiVersion.split('/')[0]}` : ''
    const place = resource.namespaced ? ` from ${namespace} namespace` : ''
    process.stdout.write(`${resource.kind.toLowerCase()}${group} "${name}" deleted${place}\n`)
  } catch (error) {
    if (!(error instanceof ServerError) || error.status !== 404) throw error
    if (!isOn(args, 'ignore-not-found')) problems.push(error.message)
  }
}
