import type { KubeObject, Resource } from '../api/resources.js'

/** A text table in kubectl's layout: three blanks between columns. */
export function renderTable(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 3)))
        .join('')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** An age as kubectl shows it: 5s, 3m12s, 2h, 4d. */
export function age(timestamp: string | undefined, now = Date.now()): string {
  if (timestamp === undefined) return '<unknown>'
  const seconds = Math.max(0, Math.floor((now - Date.parse(timestamp)) / 1000))
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`
}

/** The roles of a node, as labels say: `control-plane,etcd,master`, or `<none>`. */
export function nodeRoles(node: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/'
  const names = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(prefix))
  return names.length === 0
    ? '<none>'
    : names
        .map((label) => label.slice(prefix.length))
        .sort()
        .join(',')
}

/** Ready, NotReady or Unknown as NotReady, with SchedulingDisabled for a cordoned node. */
export function nodeStatus(node: KubeObject): string {
  const conditions: { type: string; status: string }[] = node.status?.conditions ?? []
  const ready = conditions.find((condition) => condition.type === 'Ready')
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node.spec?.unschedulable === true ? `${text},SchedulingDisabled` : text
}

function address(node: KubeObject, type: string): string {
  const list: { type: string; address: string }[] = node.status?.addresses ?? []
  return list.find((item) => item.type === type)?.address ?? '<none>'
}

type Columns = { header: string[]; row(object: KubeObject): string[] }

function nodeColumns(wide: boolean): Columns {
  const header = ['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION']
  const more = ['INTERNAL-IP', 'EXTERNAL-IP', 'OS-IMAGE', 'KERNEL-VERSION', 'CONTAINER-RUNTIME']
  return {
    header: wide ? [...header, ...more] : header,
    row: (node) => {
      const info: Record<string, string> = node.status?.nodeInfo ?? {}
      const short = [
        node.metadata.name,
        nodeStatus(node),
        nodeRoles(node),
        age(node.metadata.creationTimestamp),
        info.kubeletVersion ?? '',
      ]
      const runtime = [info.osImage ?? '', info.kernelVersion ?? '', info.containerRuntimeVersion ?? '']
      return wide ? [...short, address(node, 'InternalIP'), address(node, 'ExternalIP'), ...runtime] : short
    },
  }
}

function podColumns(wide: boolean): Columns {
  const header = ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE']
  return {
    header: wide ? [...header, 'IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES'] : header,
    row: (pod) => {
      const total = (pod.spec?.containers ?? []).length
      const running = pod.status?.phase === 'Running'
      const short = [
        pod.metadata.name,
        `${running ? total : 0}/${total}`,
        pod.status?.phase ?? 'Pending',
        '0',
        age(pod.metadata.creationTimestamp),
      ]
      return wide ? [...short, '<none>', pod.spec?.nodeName ?? '<none>', '<none>', '<none>'] : short
    },
  }
}

const plain: Columns = {
  header: ['NAME', 'AGE'],
  row: (object) => [object.metadata.name, age(object.metadata.creationTimestamp)],
}

/** The rows of `kubectl get` for one kind, header first. */
export function objectRows(
  resource: Resource,
  objects: KubeObject[],
  options: { wide: boolean; namespaces: boolean; labels: boolean },
): string[][] {
  const columns =
    resource.plural === 'nodes'
      ? nodeColumns(options.wide)
      : resource.plural === 'pods'
        ? podColumns(options.wide)
        : plain
  const labels = (object: KubeObject): string =>
    Object.entries(object.metadata.labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',') || '<none>'
  const full = (cells: string[], namespace: string, last: string): string[] => [
    ...(options.namespaces ? [namespace] : []),
    ...cells,
    ...(options.labels ? [last] : []),
  ]
  return [
    full(columns.header, 'NAMESPACE', 'LABELS'),
    ...objects.map((object) => full(columns.row(object), object.metadata.namespace ?? '', labels(object))),
  ]
}
