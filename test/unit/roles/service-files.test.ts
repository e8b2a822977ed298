import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

const templates = fileURLToPath(new URL('../../../roles/k3s_service/templates/', import.meta.url))

/** What the role would write, with these variables. */
async function rendered(template: string, vars: Record<string, unknown>): Promise<string> {
  const dir = temporaryFolder()
  const all = {
    k3s_binary_path: '/usr/local/bin/k3s',
    k3s_unit: 'k3s',
    k3s_is_server: true,
    k3s_args: '',
    k3s_env_file: '/etc/rancher/k3s/k3s.env',
    k3s_openrc: true,
    container_runtime: 'k3s',
    systemd_dir: '/etc/systemd/system',
    ...vars,
  }
  const ran = await play(
    `- hosts: web\n  gather_facts: false\n  vars: ${JSON.stringify(all)}\n  tasks:\n` +
      `    - template: { src: ${templates}${template}, dest: ${dir}/out }\n`,
    { dir },
  )
  expect(ran.exitCode, ran.stdout).toBe(0)
  return readFileSync(join(dir, 'out'), 'utf8')
}
/** Runs a program of sh; its output. */
function sh(program: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', program], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  return stdout
}

describe('the service of OpenRC', () => {
  const args = '--node-label "a=b c" --kubelet-arg $x'

  it('is a script that any sh reads', async () => {
    const text = await rendered('openrc.ejs', { k3s_args: args })
    expect(spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
    const shellcheck = ['-s', 'sh', '-e', 'SC2034,SC1008,SC2317', '-']
    const checked = spawnSync('shellcheck', shellcheck, { input: text, encoding: 'utf8' })
    if (!checked.error) expect(checked.stdout).toBe('')
  })

  it('runs what the unit of systemd runs, and starts it again for ever', async () => {
    const text = await rendered('openrc.ejs', { k3s_args: args })
    const told = sh(
      `${text}\nprintf '%s\\n' "$command $command_args" "$supervisor $respawn_delay $respawn_max"`,
    )
    expect(told).toBe(`/usr/local/bin/k3s server ${args}\nsupervise-daemon 5 0\n`)
    const unit = await rendered('k3s.service.ejs', { k3s_openrc: false, k3s_args: args })
    expect(unit).toContain(`\nExecStart=/usr/local/bin/k3s server ${args}\n`)
    for (const line of [
      'Type=notify',
      'KillMode=process',
      'Delegate=yes',
      'Restart=always',
      'TasksMax=infinity',
    ])
      expect(unit).toContain(`\n${line}\n`)
  })

  it('hands the environment on word for word', async () => {
    const lines = ['HTTP_PROXY=http://me:a b@proxy', "NAME=it's $HOME"]
    const environment = await rendered('environment.ejs', { k3s_environment: lines })
    const dir = temporaryFolder({ 'k3s.env': environment })
    const text = await rendered('openrc.ejs', { k3s_env_file: `${dir}/k3s.env` })
    expect(sh(`${text}\nenv | grep -E '^(HTTP_PROXY|NAME)='`).trim().split('\n').sort()).toEqual(lines)
    expect(await rendered('environment.ejs', { k3s_environment: lines, k3s_openrc: false })).toBe(
      `${lines.join('\n')}\n`,
    )
  })
})
