import type { ServerContext } from '../api/context.js'
import { changeObject, getObject } from '../api/objects.js'
import { type KubeObject, nodes } from '../api/resources.js'
import { localKv } from '../store/store.js'

function withRoles(node: KubeObject, context: ServerContext): KubeObject {
  const { config, store } = context
  const labels: Record<string, string> = { ...node.metadata.labels }
  const annotations: Record<string, string> = { ...node.metadata.annotations }
  if (!config.bool('disable-apiserver')) {
    labels['node-role.kubernetes.io/control-plane'] = 'true'
    labels['node-role.kubernetes.io/master'] = 'true'
  }
  if (store.kind === 'etcd' && !config.bool('disable-etcd')) {
    labels['node-role.kubernetes.io/etcd'] = 'true'
    annotations['etcd.k3s.cattle.io/node-name'] = store.id
    annotations['etcd.k3s.cattle.io/node-address'] = context.nodeIp
  }
  return { ...node, metadata: { ...node.metadata, labels, annotations } }
}

/** Keeps the role labels of this server's own Node. */
export async function roles(context: ServerContext): Promise<void> {
  const node = getObject(localKv(context.store), nodes, undefined, context.nodeName)
  if (node === undefined || JSON.stringify(withRoles(node, context)) === JSON.stringify(node)) return
  await changeObject(context.store, nodes, undefined, context.nodeName, (old) => withRoles(old, context))
}
