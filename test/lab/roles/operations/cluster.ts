import { type K3sHosts, k3sHosts } from '../../k3s/hosts.js'
import { type Lab, openLab } from '../../lab.js'
import { ourLabDir } from '../../ours.js'
import { type Played, play, readInventory, writeInventory } from '../play.js'

export const servers = ['server-1', 'server-2', 'server-3']
export const hosts = [...servers, 'agent-1']
export const none = Object.fromEntries(hosts.map((name) => [name, 0]))

const bin = '/var/lib/rancher/k3s/data/lab/bin'
/** Starts what containerd leaves behind, two shims with processes below them, one of an odd name; and a process of others. */
export const startPods = `mkdir -p ${bin} && cp /bin/dash ${bin}/containerd-shim-runc-v2 && cp /bin/sleep '${bin}/1) S 1 (x'
echo "'${bin}/1) S 1 (x' \\$1; :" >${bin}/below
for time in 6001 6002; do
  setsid ${bin}/containerd-shim-runc-v2 -c 'sh ${bin}/below $0 & wait' $time >/dev/null 2>&1 &
done
setsid sleep 6003 >/dev/null 2>&1 & sleep 0.3`
/** What of it runs. */
export const podsLeft = "ps -eo args= | grep -o ' 600[123]$' | sort -u | tr -d '\\n'"

/** The cluster that all tests of operations share: three servers and an agent, whose Secrets are encrypted. */
export interface OperatedCluster {
  lab: Lab
  k3s: K3sHosts
  /** What the inventory says beside the lab's: tests change it, as an operator would. */
  vars: Record<string, unknown>
  /** Writes the inventory; its path. */
  inventory(): string
  /** Runs a playbook on it. */
  run(playbook: string, ...args: string[]): Promise<Played>
  kubectl(words: string): Promise<string>
  /** The nodes that are Ready, as a server says that is not the first. */
  ready(): Promise<string[]>
  /** Runs a command on every host. */
  everywhere(command: string): Promise<Record<string, string>>
  /** When k3s was started, on every host. */
  started(): Promise<Record<string, string>>
  /** Keeps k3s on a host from starting, or from starting fast, until what this returns is called. */
  breakStart(name: string, fault?: Record<string, unknown>): () => Promise<unknown>
}

const faultFile = '/etc/tsplay-lab/k3s-faults.json'

export function operatedCluster(): OperatedCluster {
  const lab = openLab(ourLabDir())
  const k3s = k3sHosts(lab)
  const vars: Record<string, unknown> = {
    // On a machine that is busy, an answer takes its time.
    k3s_health_timeout: 60,
    server_config_yaml: 'secrets-encryption: true\n',
  }
  const inventory = (): string => {
    const data = readInventory(lab)
    delete data.k3s_cluster.children.agent.hosts['agent-2']
    Object.assign(data.k3s_cluster.vars, vars)
    return writeInventory(lab, 'operations', data)
  }
  const everywhere = async (command: string): Promise<Record<string, string>> =>
    Object.fromEntries(
      await Promise.all(hosts.map(async (name) => [name, (await k3s.sh(name, command)).text.trim()])),
    )
  const kubectl = (words: string): Promise<string> => k3s.kubectl('server-2', words)
  return {
    lab,
    k3s,
    vars,
    inventory,
    run: (playbook, ...args) => play(inventory(), playbook, ...args),
    kubectl,
    ready: async () =>
      (await kubectl('get nodes --no-headers'))
        .split('\n')
        .flatMap((line) => (/^\S+\s+Ready\s/.test(line) ? [line.split(/\s+/)[0]!] : [])),
    everywhere,
    started: () => everywhere('systemctl show -P ActiveEnterTimestampMonotonic k3s k3s-agent'),
    breakStart: (name, fault = { mode: 'fail', message: 'not today' }) => {
      k3s.write(name, faultFile, JSON.stringify({ faults: { start: fault } }))
      return () => k3s.sh(name, `rm ${faultFile}`)
    },
  }
}

/** The batches of a run, as lists of hosts. */
export const batches = ({ events }: Played): string[] =>
  events.flatMap((event) => (event.type === 'batch_started' ? [event.hosts.join(' ')] : []))
