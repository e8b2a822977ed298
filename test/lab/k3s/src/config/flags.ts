/** How a flag's value is read: text, switch, whole number, or a list of texts. */
export type FlagKind = 'string' | 'bool' | 'int' | 'list'

export interface Flag {
  name: string
  alias?: string
  kind: FlagKind
  env?: string
}

/** `name[,alias]:kind[:ENV]`, one per word; the lists follow pkg/cli/cmds of k3s. */
function table(text: string): Flag[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => {
      const [names = '', kind = 'string', env] = word.split(':')
      const [name = '', alias] = names.split(',')
      return {
        name,
        kind: kind as FlagKind,
        ...(alias === undefined ? {} : { alias }),
        ...(env === undefined ? {} : { env }),
      }
    })
}

const agentOnly = `
config,c:string:K3S_CONFIG_FILE debug:bool:K3S_DEBUG v:int vmodule:string log,l:string alsologtostderr:bool
token,t:string:K3S_TOKEN token-file:string:K3S_TOKEN_FILE server,s:string:K3S_URL
data-dir,d:string:K3S_DATA_DIR node-name:string:K3S_NODE_NAME with-node-id:bool node-label:list node-taint:list
image-credential-provider-bin-dir:string image-credential-provider-config:string selinux:bool:K3S_SELINUX
lb-server-port:int:K3S_LB_SERVER_PORT protect-kernel-defaults:bool container-runtime-endpoint:string
default-runtime:string image-service-endpoint:string pause-image:string snapshotter:string private-registry:string
airgap-extra-registry:list nonroot-devices:bool disable-default-registry-endpoint:bool node-ip,i:list bind-address:string
node-external-ip:list node-internal-dns:list node-external-dns:list resolv-conf:string:K3S_RESOLV_CONF
flannel-iface:string flannel-conf:string flannel-cni-conf:string kubelet-arg:list kube-proxy-arg:list
rootless:bool prefer-bundled-bin:bool docker:bool disable-selinux:bool no-flannel:bool
cluster-secret:string:K3S_CLUSTER_SECRET vpn-auth:string:K3S_VPN_AUTH vpn-auth-file:string:K3S_VPN_AUTH_FILE
disable-apiserver-lb:bool enable-pprof:bool`

const serverOnly = `
https-listen-port:int advertise-address:string advertise-port:int tls-san:list tls-san-security:bool
cluster-cidr:list service-cidr:list service-node-port-range:string cluster-dns:list cluster-domain:string
flannel-backend:string flannel-ipv6-masq:bool flannel-external-ip:bool egress-selector-mode:string
servicelb-namespace:string write-kubeconfig,o:string:K3S_KUBECONFIG_OUTPUT
write-kubeconfig-mode:string:K3S_KUBECONFIG_MODE write-kubeconfig-group:string:K3S_KUBECONFIG_GROUP
helm-job-image:string agent-token:string:K3S_AGENT_TOKEN agent-token-file:string:K3S_AGENT_TOKEN_FILE
cluster-init:bool:K3S_CLUSTER_INIT cluster-reset:bool:K3S_CLUSTER_RESET cluster-reset-restore-path:string
kube-apiserver-arg:list etcd-arg:list kube-controller-manager-arg:list kube-scheduler-arg:list
kube-cloud-controller-manager-arg:list kube-cloud-controller-arg:list kube-controller-arg:list
kine-tls:bool datastore-endpoint:string:K3S_DATASTORE_ENDPOINT datastore-cafile:string:K3S_DATASTORE_CAFILE
datastore-certfile:string:K3S_DATASTORE_CERTFILE datastore-keyfile:string:K3S_DATASTORE_KEYFILE
etcd-expose-metrics:bool etcd-disable-snapshots:bool etcd-snapshot-name:string etcd-snapshot-schedule-cron:string
etcd-snapshot-retention:int etcd-snapshot-dir:string etcd-snapshot-compress:bool etcd-snapshot-reconcile-interval:string
etcd-s3:bool etcd-s3-endpoint:string etcd-s3-endpoint-ca:string etcd-s3-skip-ssl-verify:bool
etcd-s3-access-key:string:AWS_ACCESS_KEY_ID etcd-s3-secret-key:string:AWS_SECRET_ACCESS_KEY
etcd-s3-session-token:string:AWS_SESSION_TOKEN etcd-s3-bucket:string etcd-s3-bucket-lookup-type:string
etcd-s3-region:string etcd-s3-folder:string etcd-s3-proxy:string etcd-s3-config-secret:string etcd-s3-insecure:bool
etcd-s3-timeout:string etcd-s3-retention:int default-local-storage-path:string disable:list disable-scheduler:bool
disable-cloud-controller:bool disable-kube-proxy:bool disable-network-policy:bool disable-helm-controller:bool
disable-apiserver:bool disable-controller-manager:bool disable-etcd:bool disable-agent:bool embedded-registry:bool
supervisor-metrics:bool secrets-encryption:bool secrets-encryption-provider:string system-default-registry:string
no-deploy:list enable-servicelb:bool`

/** Flags and configuration keys of `k3s agent`. */
export const agentFlags: Flag[] = table(agentOnly)

/** Flags and configuration keys of `k3s server`: an agent's and a server's own. */
export const serverFlags: Flag[] = [...agentFlags, ...table(serverOnly)]
