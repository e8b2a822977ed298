/** A Kubernetes object, as far as the stand-in looks into it. */
export interface Meta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  creationTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { kind: string; name: string; uid?: string; controller?: boolean; apiVersion?: string }[]
  generateName?: string
  finalizers?: string[]
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Meta
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind are kept and shown as they are
  [field: string]: any
}

/** One kind of object: where it lives and what people call it. */
export interface Resource {
  kind: string
  plural: string
  /** `v1`, or `group/version`. */
  apiVersion: string
  namespaced: boolean
  short: string[]
}

/** kind plural apiVersion scope short names */
const known: Resource[] = `
Node nodes v1 - no
Namespace namespaces v1 - ns
PersistentVolume persistentvolumes v1 - pv
Pod pods v1 n po
Service services v1 n svc
Secret secrets v1 n
ConfigMap configmaps v1 n cm
Event events v1 n ev
ServiceAccount serviceaccounts v1 n sa
Endpoints endpoints v1 n ep
PersistentVolumeClaim persistentvolumeclaims v1 n pvc
ReplicationController replicationcontrollers v1 n rc
ResourceQuota resourcequotas v1 n quota
LimitRange limitranges v1 n limits
Deployment deployments apps/v1 n deploy
DaemonSet daemonsets apps/v1 n ds
StatefulSet statefulsets apps/v1 n sts
ReplicaSet replicasets apps/v1 n rs
Job jobs batch/v1 n
CronJob cronjobs batch/v1 n cj
PodDisruptionBudget poddisruptionbudgets policy/v1 n pdb
NetworkPolicy networkpolicies networking.k8s.io/v1 n netpol
Ingress ingresses networking.k8s.io/v1 n ing
IngressClass ingressclasses networking.k8s.io/v1 -
StorageClass storageclasses storage.k8s.io/v1 - sc
VolumeAttachment volumeattachments storage.k8s.io/v1 -
CSIDriver csidrivers storage.k8s.io/v1 -
Role roles rbac.authorization.k8s.io/v1 n
RoleBinding rolebindings rbac.authorization.k8s.io/v1 n
ClusterRole clusterroles rbac.authorization.k8s.io/v1 -
ClusterRoleBinding clusterrolebindings rbac.authorization.k8s.io/v1 -
Lease leases coordination.k8s.io/v1 n
PriorityClass priorityclasses scheduling.k8s.io/v1 - pc
RuntimeClass runtimeclasses node.k8s.io/v1 -
APIService apiservices apiregistration.k8s.io/v1 -
CustomResourceDefinition customresourcedefinitions apiextensions.k8s.io/v1 - crd,crds
HelmChart helmcharts helm.cattle.io/v1 n
HelmChartConfig helmchartconfigs helm.cattle.io/v1 n
Addon addons k3s.cattle.io/v1 n
ETCDSnapshotFile etcdsnapshotfiles k3s.cattle.io/v1 -
`
  .trim()
  .split('\n')
  .map((line) => {
    const [kind = '', plural = '', apiVersion = '', scope = '', short = ''] = line.split(' ')
    return {
      kind,
      plural,
      apiVersion,
      namespaced: scope === 'n',
      short: short === '' ? [] : short.split(','),
    }
  })

/** Finds a kind by what a person types: `node`, `nodes`, `no`, `nodes.v1`, `Deployment.apps`. */
export function findResource(word: string): Resource | undefined {
  const name = word.toLowerCase().split('.')[0] ?? ''
  return known.find(
    (item) => item.plural === name || item.kind.toLowerCase() === name || item.short.includes(name),
  )
}

/** The resource of an object; a kind that is not in the table (a custom one) is taken as namespaced. */
export function resourceOf(apiVersion: string, kind: string): Resource {
  const exact = known.find((item) => item.kind === kind && item.apiVersion === apiVersion)
  if (exact !== undefined) return exact
  const lower = kind.toLowerCase()
  const plural = /[^aeiou]y$/.test(lower)
    ? `${lower.slice(0, -1)}ies`
    : /(s|x|ch)$/.test(lower)
      ? `${lower}es`
      : `${lower}s`
  return { kind, plural, apiVersion, namespaced: true, short: [] }
}

/** The resource behind a REST path's group, version and plural. */
export function resourceByPath(apiVersion: string, plural: string): Resource {
  const exact = known.find(
    (item) => item.plural === plural && groupOf(item.apiVersion) === groupOf(apiVersion),
  )
  return exact ?? { kind: '', plural, apiVersion, namespaced: true, short: [] }
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

/** The prefix of a kind's keys in the datastore. */
export function prefixOf(resource: Resource): string {
  const group = groupOf(resource.apiVersion)
  return `/registry/${resource.plural}${group === '' ? '' : `.${group}`}/`
}

/** The key of one object in the datastore. */
export function keyOf(resource: Resource, namespace: string | undefined, name: string): string {
  return `${prefixOf(resource)}${resource.namespaced ? (namespace ?? 'default') : ''}/${name}`
}

/** The REST path of a collection or an object. */
export function pathOf(resource: Resource, namespace?: string, name?: string): string {
  const base = resource.apiVersion.includes('/')
    ? `/apis/${resource.apiVersion}`
    : `/api/${resource.apiVersion}`
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : ''
  return `${base}${scope}/${resource.plural}${name === undefined ? '' : `/${name}`}`
}

export const nodes = known[0] as Resource
export const pods = findResource('pods') as Resource
export const secrets = findResource('secrets') as Resource
