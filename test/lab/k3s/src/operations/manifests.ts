import fs from 'node:fs'
import path from 'node:path'
import type { ServerContext } from '../api/context.js'
import { writeIfChanged } from '../core/files.js'

function workload(kind: string, name: string, namespace: string, image: string): string {
  return `apiVersion: apps/v1
kind: ${kind}
metadata:
  name: ${name}
  namespace: ${namespace}
  labels:
    k8s-app: ${name}
spec:
${kind === 'Deployment' ? '  replicas: 1\n' : ''}  selector:
    matchLabels:
      k8s-app: ${name}
  template:
    metadata:
      labels:
        k8s-app: ${name}
    spec:
      tolerations:
      - key: node-role.kubernetes.io/control-plane
        operator: Exists
        effect: NoSchedule
      containers:
      - name: ${name}
        image: ${image}
`
}

function chart(name: string): string {
  return `apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata:
  name: ${name}
  namespace: kube-system
spec:
  chart: https://%{KUBERNETES_API}%/static/charts/${name}.tgz
`
}

const role = (name: string): string =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: ${name}\nrules: []\n`

/** Packaged components: name for `disable` → file → content. */
const packaged: Record<string, Record<string, string>> = {
  ccm: { 'ccm.yaml': role('k3s-cloud-controller-manager') },
  coredns: {
    'coredns.yaml': workload(
      'Deployment',
      'coredns',
      'kube-system',
      'rancher/mirrored-coredns-coredns:1.12.3',
    ),
  },
  'local-storage': {
    'local-storage.yaml': workload(
      'Deployment',
      'local-path-provisioner',
      'kube-system',
      'rancher/local-path-provisioner:v0.0.32',
    ),
  },
  'metrics-server': {
    'metrics-server/metrics-server-deployment.yaml': workload(
      'Deployment',
      'metrics-server',
      'kube-system',
      'rancher/mirrored-metrics-server:v0.8.0',
    ),
  },
  rolebindings: { 'rolebindings.yaml': role('k3s-rolebindings') },
  runtimes: {
    'runtimes.yaml':
      'apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata:\n  name: nvidia\nhandler: nvidia\n',
  },
  traefik: { 'traefik.yaml': `${chart('traefik-crd')}---\n${chart('traefik')}` },
}

/** Writes the packaged components' manifests, and takes away those that are disabled. */
export function stageManifests(context: ServerContext): void {
  const directory = path.join(context.dirs.server, 'manifests')
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  const disabled = new Set(context.config.list('disable'))
  if (context.config.bool('disable-cloud-controller')) disabled.add('ccm')
  for (const [name, files] of Object.entries(packaged))
    for (const [file, content] of Object.entries(files)) {
      const target = path.join(directory, file)
      if (disabled.has(name)) fs.rmSync(target, { force: true })
      else if (!fs.existsSync(`${target}.skip`)) writeIfChanged(target, content)
    }
}
