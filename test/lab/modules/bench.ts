import { join } from 'node:path'
import type { Completed } from '../../../runner/modules/module.js'
import { quote } from '../../../runner/transport/quote.js'
import type { Script } from '../../../runner/transport/transport.js'
import { type Bench, type Case, localController, writeFiles } from '../../support/cases.js'
import type { LabModuleHost } from './hosts.js'

/** Where cases have their folders on a host: not /tmp, which is a file system that the controller does not see. */
const home = '/srv/cases'

let count = 0

/** A host of the lab, and its file system as the controller sees it. */
export interface LabBenchHost {
  readonly host: LabModuleHost
  readonly root: string
}

/** A folder on a host of the lab for one case. Its controller's files lie where the host's setup can put some too. */
export async function labBench(one: Case, { host, root }: LabBenchHost): Promise<Bench> {
  const base = `${home}/${count++}`
  const dir = `${base}/host`
  const log = { runs: 0, uploads: 0 }
  const environment = { HOME: dir, DIR: dir, CONTROLLER: `${base}/controller`, HOST: host.name }
  const sh = async (body: string) => {
    const program = `cd ${dir}\n${body}`
    const done = await host.run({ body: 'exec sh -eu -c "$program"', vars: { program }, environment })
    if (done.code !== 0) throw new Error(`${body}\n${done.code}: ${done.stderr}${done.stdout}`)
    return done.stdout.toString()
  }
  await host.query({ body: `umask 022; rm -rf ${base}; mkdir -p ${dir}` })
  writeFiles(join(root, base, 'controller'), one.files ?? {})
  const counted = (run: (script: Script) => Promise<Completed>) => (script: Script) => {
    log.runs += 1
    return run({ ...script, environment: { ...script.environment, HOME: dir } })
  }
  return {
    dir,
    controllerDir: join(root, base, 'controller'),
    host: {
      ...host,
      log,
      run: counted((script) => host.run(script)),
      query: counted((script) => host.query(script)),
      upload(content, path) {
        log.uploads += 1
        return host.upload(content, path)
      },
    },
    controller: localController(join(root, base, 'controller')),
    sh,
    listing: () => sh(listing),
    async close() {
      if (one.cleanup) await sh(one.cleanup)
      await host.query({ body: `rm -rf ${quote(base).toString()}` })
    },
  }
}

const listing = `find . -exec stat -c '%n %f %u %g %s %Y %Z %i' {} + | sort`
