import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const show =
  "  tasks: [{ debug: { msg: \"<%= ['kernel', 'mounts', 'network'].filter(name => name in facts).join() %>\" } }]\n"
const gathers = (trace: readonly string[]) => trace.filter((line) => line.startsWith('Gather facts')).length

describe('gather_subset', () => {
  it('asks for some groups of facts, and later plays for what is missing alone', async () => {
    const ran = await play(
      `- hosts: web\n  gather_subset: min\n${show}- hosts: web\n  gather_subset: [hardware]\n${show}- hosts: web\n  gather_subset: [min, hardware]\n${show}- hosts: web\n${show}- hosts: web\n${show}`,
    )
    expect(ran.stderr).toBe('')
    expect(ran.messages.map((line) => line.slice(4))).toEqual([
      'kernel',
      'kernel,mounts',
      'kernel,mounts',
      'kernel,mounts,network',
      'kernel,mounts,network',
    ])
    expect(gathers(ran.trace)).toBe(3)
  })

  it('leaves groups out, and may be a template', async () => {
    const ran = await play(
      `- hosts: web\n  vars: { wanted: ['!all', '!min', network] }\n  gather_subset: <%= wanted %>\n${show}`,
    )
    expect(ran.messages).toEqual(['h1: network'])
  })

  it('comes from module_defaults too, and setup may filter', async () => {
    const ran = await play(`- hosts: web
  module_defaults: { setup: { gather_subset: ['!all'] } }
${show}- hosts: web
  gather_facts: false
  tasks:
    - { setup: { gather_subset: [network], filter: [net*] }, register: found }
    - { debug: { msg: "<%= Object.keys(found.facts).join() %>" } }
`)
    expect(ran.messages).toEqual(['h1: kernel', 'h1: network'])
  })

  it('is forgotten with the facts', async () => {
    const ran = await play(`- hosts: web
  gather_subset: min
  tasks: [{ meta: clear_facts }]
- hosts: web
  gather_subset: min
${show}`)
    expect(gathers(ran.trace)).toBe(2)
    expect(ran.messages).toEqual(['h1: kernel'])
  })

  it('is checked before the run', async () => {
    const ran = await play('- hosts: web\n  gather_subset: [minn]\n  fact_path: <%= nowhere %>\n')
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toContain("argument 'gather_subset' of 'setup'")
    expect(ran.stderr).toContain("nothing defines the variable 'nowhere'")
  })
})
