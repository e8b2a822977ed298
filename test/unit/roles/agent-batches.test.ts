import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const roles = fileURLToPath(new URL('../../../roles/', import.meta.url))
const variables = ['k3s_cluster/defaults', 'k3s_cluster/vars', 'k3s_agent/vars'].map(
  (folder) => `${roles}${folder}/main.yaml`,
)

/** The batches of agents, each written as its zone: a small letter for one that does not run yet. */
async function batches(agents: string, atOnce: number | string): Promise<number[]> {
  const places = [...agents].map((letter) => ({
    zone: letter.toUpperCase(),
    runs: letter === letter.toUpperCase(),
  }))
  const given = {
    k3s_agent_places: places,
    k3s_agents_at_once: atOnce,
    k3s_agents: places.map((_, index) => `a${index}`),
    k3s_wanted_labels: {},
    k3s_zone_label: 'zone',
  }
  const ran = await play(
    `- hosts: web\n  gather_facts: false\n  vars_files: [${variables.join(', ')}]\n  tasks:\n    - debug: { msg: <%= k3s_agent_batches.join() %> }\n`,
    { args: ['-e', JSON.stringify(given)] },
  )
  expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0)
  return ran.messages[0]!.replace('h1: ', '').split(',').map(Number)
}

it.each([
  ['AAAA', 2, [2, 2]],
  ['AAAA', '25%', [1, 1, 1, 1]],
  ['AAAABBBB', '50%', [4, 4]],
  ['AAABB', 2, [2, 1, 2]],
  ['AABB', '100%', [2, 2]],
  ['AABBC', '1%', [1, 1, 1, 1, 1]],
  ['aaaa', 1, [4]],
  ['AaaBb', 1, [3, 2]],
  ['a'.repeat(60), 1, [50, 10]],
])('agents %s, %s at once, go in batches of %j', async (agents, atOnce, expected) => {
  expect(await batches(agents, atOnce)).toEqual(expected)
})
