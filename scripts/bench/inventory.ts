/** A host that a benchmark runs against. */
export interface BenchHost {
  readonly name: string
  readonly address: string
  readonly port: number
}

/** What opens all of them. */
export interface Access {
  readonly user: string
  readonly key: string
  readonly knownHosts: string
}

/** An inventory that tsplay and Ansible both read: one group, `all`. */
export function renderInventory(hosts: readonly BenchHost[], access: Access): string {
  const lines = hosts.map(
    ({ name, address, port }) => `    ${name}: { ansible_host: ${address}, ansible_port: ${port} }`,
  )
  const options = `-o UserKnownHostsFile=${access.knownHosts}`
  return [
    'all:',
    '  vars:',
    `    ansible_user: ${access.user}`,
    `    ansible_ssh_private_key_file: ${access.key}`,
    `    ansible_ssh_common_args: ${JSON.stringify(options)}`,
    '    ansible_python_interpreter: /usr/bin/python3',
    '  hosts:',
    ...lines,
    '',
  ].join('\n')
}
