import fs from 'node:fs'
import path from 'node:path'
import type { ServerContext } from '../api/context.js'
import { hostPath, readText, writeFile } from '../core/files.js'
import { mustReadPair } from '../pki/serverPki.js'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Writes the admin kubeconfig, 0600 or as write-kubeconfig-mode says. */
export function writeKubeconfig(context: ServerContext): void {
  const { config, dirs } = context
  const file = config.str('write-kubeconfig') ?? hostPath('/etc/rancher/k3s/k3s.yaml')
  const admin = mustReadPair(dirs.tls, 'client-admin')
  const ca = readText(path.join(dirs.tls, 'server-ca.crt')) ?? ''
  const text = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(ca)}
    server: https://127.0.0.1:${context.port}
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
preferences: {}
users:
- name: default
  user:
    client-certificate-data: ${base64(admin.cert)}
    client-key-data: ${base64(admin.key)}
`
  const mode = Number.parseInt(config.str('write-kubeconfig-mode') ?? '600', 8)
  if (readText(file) !== text) writeFile(file, text, mode)
  fs.chmodSync(file, mode)
}
