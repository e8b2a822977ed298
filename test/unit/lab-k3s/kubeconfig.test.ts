import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseKubeconfig, readPlain } from '../../lab/k3s/src/kubectl/kubeconfig.js'

const written = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJU+/aaEo=
    server: https://127.0.0.1:6443
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
- context:
    cluster: other
    user: other
  name: other
current-context: default
kind: Config
users:
- name: default
  user:
    client-key-data: LS0tLS1CRUdJTiBDRVJU
`

it('reads what k3s writes as YAML does', () => {
  expect(readPlain(written)).toEqual(parse(written))
})

it.each([
  written.replace('name: other', 'name: "other"'),
  written.replace('name: other', 'name: 12'),
  written.replace('name: other', 'name: true'),
  written.replace('- name: default', '-   name: default\n # a comment'),
  written.replace('  name: other', '   name: other'),
  'clusters: [{ name: a }]\n',
])('leaves other YAML to its library', async (text) => {
  expect(readPlain(text)).toBeUndefined()
  await expect(parseKubeconfig(text).catch(() => 'an error')).resolves.toEqual(safely(text))
})

const safely = (text: string): unknown => {
  try {
    return parse(text)
  } catch {
    return 'an error'
  }
}
