import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findModule } from '../../../runner/modules/registry.js'
import { renderScript } from '../../../runner/transport/script.js'
import type { Script } from '../../../runner/transport/transport.js'
import { localController } from '../../support/cases.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { changeOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

/**
 * The machine's kernel has no SELinux. What is real here: matchpathcon, chcon and stat, and the attribute security.selinux of
 * the file system, which without SELinux keeps whatever it is told. What stands in: a short list of contexts for a policy (to
 * build Debian's takes minutes), and the file that says that the kernel has SELinux, in a mount namespace of each script's own.
 */
const pretend = `mount -t tmpfs none /sys/fs && mkdir /sys/fs/selinux && echo 1 >/sys/fs/selinux/enforce && exec sh -c "$0"`

const contexts = [
  '/.* system_u:object_r:default_t:s0',
  '/etc/.* system_u:object_r:etc_t:s0',
  '/etc/shadow.* -- system_u:object_r:shadow_t:s0',
  '/usr/lib/.* system_u:object_r:lib_t:s0',
]

const folder = mkdtempSync(join(tmpdir(), 'tsplay-selinux-'))
const dir = '/etc/labelled'
let host: LabModuleHost
let on: LabModuleHost

const sh = async (program: string) => {
  const script = { body: 'exec sh -c "$program" 2>&1', vars: { program }, timeoutMs: 120_000 }
  const { code, stdout } = await host.run(script)
  if (code !== 0) throw new Error(`${program}\n${stdout}`)
  return stdout.toString().trim()
}
const inSelinux = (script: Script): Script => ({
  ...script,
  body: 'exec unshare -m sh -c "$pretend" "$program"',
  vars: { pretend, program: renderScript(script).toString() },
})

beforeAll(async () => {
  host = await connectLabHost(openLab(ourLabDir()), 'agent-2')
  on = {
    ...host,
    run: (script) => host.run(inSelinux(script)),
    query: (script) => host.query(inSelinux(script)),
  }
  await sh(`export DEBIAN_FRONTEND=noninteractive
apt-get -qq update && apt-get -qq install -y --no-install-recommends selinux-utils >/dev/null
mkdir -p ${dir} /etc/selinux/lab/contexts/files
printf 'SELINUX=enforcing\\nSELINUXTYPE=lab\\n' >/etc/selinux/config
printf '%s\\n' '${contexts.join("' '")}' >/etc/selinux/lab/contexts/files/file_contexts`)
  writeFileSync(join(folder, 'one'), 'x')
})
afterAll(async () => {
  await sh(`rm -rf ${dir} /srv/labelled /etc/selinux`)
  await host.close()
  rmSync(folder, { recursive: true, force: true })
})

const controller = localController(folder)
const play = (name: string, args: object, apply: boolean, host = on) =>
  runOn(host, name, args, apply, controller)
const converges = async (name: string, args: object) =>
  (await changeOn(on, name, args, controller)).change?.summary ?? []
const contextOf = (path: string) => sh(`stat -c %C '${path}'`)
const etc = 'system_u:object_r:etc_t:s0'
const lib = 'system_u:object_r:lib_t:s0'

describe('what is new gets the policy’s context for its place', () => {
  test.each([
    ['copy', { content: 'a', dest: `${dir}/new` }, `${dir}/new`],
    ['template', { src: 'one', dest: `${dir}/rendered` }, `${dir}/rendered`],
    ['lineinfile', { path: `${dir}/line`, line: 'a', create: true }, `${dir}/line`],
    ['file', { path: `${dir}/d/e`, state: 'directory' }, `${dir}/d`],
    [
      'file',
      { path: `${dir}/touched`, state: 'touch', access_time: 'preserve', modification_time: 'preserve' },
      `${dir}/touched`,
    ],
    ['file', { path: `${dir}/link`, src: 'new', state: 'link', force: true }, `${dir}/link`],
    ['copy', { src: './', dest: `${dir}/tree/` }, `${dir}/tree/one`],
    ['synchronize', { src: './', dest: `${dir}/sync/` }, `${dir}/sync/one`],
  ])('%s %j', async (name, args, path) => {
    await converges(name, args)
    expect(await contextOf(path)).toBe(etc)
  })

  test('of another place, another', async () => {
    await converges('copy', { content: 'a', dest: '/etc/shadow.tsplay', mode: '0600' })
    expect(await contextOf('/etc/shadow.tsplay')).toBe('system_u:object_r:shadow_t:s0')
    await converges('copy', { content: 'a', dest: '/usr/lib/labelled.so' })
    expect(await contextOf('/usr/lib/labelled.so')).toBe(lib)
    await sh('rm /etc/shadow.tsplay /usr/lib/labelled.so')
  })

  test('an archive’s files', async () => {
    await sh(
      `mkdir -p /srv/labelled/w/sub && cd /srv/labelled && echo x >w/sub/f && echo x >w/g && tar -cf x.tar -C w . && mkdir -p ${dir}/un`,
    )
    await converges('unarchive', { src: '/srv/labelled/x.tar', dest: `${dir}/un`, remote_src: true })
    expect(await contextOf(`${dir}/un/g`)).toBe(etc)
  })
})

describe('what is there keeps its context', () => {
  test.each([
    ['copy', { content: 'other', dest: `${dir}/f` }],
    ['blockinfile', { path: `${dir}/f`, block: 'a' }],
    ['replace', { path: `${dir}/f`, regexp: 'x', replace: 'y' }],
    ['ini_file', { path: `${dir}/f`, section: 's', option: 'o', value: 'v' }],
    ['synchronize', { src: 'sync/', dest: dir }],
  ])('%s', async (name, args) => {
    rmSync(join(folder, 'sync'), { recursive: true, force: true })
    mkdirSync(join(folder, 'sync'))
    writeFileSync(join(folder, 'sync/f'), 'sent')
    await sh(
      `cd ${dir} && rm -f f && printf 'x=1\\n' >f && chcon system_u:object_r:httpd_sys_content_t:s0:c1,c2 f`,
    )
    await converges(name, args)
    expect(await contextOf(`${dir}/f`)).toBe('system_u:object_r:httpd_sys_content_t:s0:c1,c2')
  })
})

describe('what is asked for', () => {
  test('is told, set, and settles', async () => {
    await sh(`rm -f ${dir}/f; printf a >${dir}/f; chcon ${etc} ${dir}/f`)
    const wanted = { setype: 'httpd_sys_content_t', selevel: 's0:c1,c2' }
    const after = 'system_u:object_r:httpd_sys_content_t:s0:c1,c2'
    expect(await converges('file', { path: `${dir}/f`, ...wanted })).toEqual([
      `context ${etc} → ${after} of ${dir}/f`,
    ])
    expect(await contextOf(`${dir}/f`)).toBe(after)
    const { change, fields } = await play('copy', { content: 'a', dest: `${dir}/f`, seuser: 'staff_u' }, true)
    expect(change?.differences).toEqual([
      {
        subject: `${dir}/f`,
        before: `context ${after}\n`,
        after: `context ${after.replace('system_u', 'staff_u')}\n`,
      },
    ])
    expect(fields.secontext).toBe(after.replace('system_u', 'staff_u'))
  })

  test('back to the policy’s', async () => {
    const back = { seuser: '_default', serole: '_default', setype: '_default', selevel: '_default' }
    expect(await converges('file', { path: `${dir}/f`, ...back })).toHaveLength(1)
    expect(await contextOf(`${dir}/f`)).toBe(etc)
    await sh(`chcon -t lib_t ${dir}/f`)
    expect(await converges('template', { src: 'one', dest: `${dir}/f`, setype: '_default' })).toHaveLength(2)
    expect(await contextOf(`${dir}/f`)).toBe(etc)
  })

  test('of something new, with its content', async () => {
    await converges('copy', { content: 'a', dest: `${dir}/typed`, setype: 'lib_t', serole: '_default' })
    await converges('file', { path: `${dir}/folder`, state: 'directory', setype: 'lib_t' })
    await converges('file', { path: `${dir}/l`, src: 'typed', state: 'link', setype: 'lib_t' })
    for (const name of ['typed', 'folder', 'l']) expect(await contextOf(`${dir}/${name}`)).toBe(lib)
  })

  test('below a folder', async () => {
    await sh(
      `mkdir -p ${dir}/below/d && touch ${dir}/below/d/f && touch ${dir}/away && ln -s ../away ${dir}/below/l && chcon ${etc} ${dir}/away && chcon -R -h ${etc} ${dir}/below`,
    )
    await converges('file', { path: `${dir}/below`, state: 'directory', recurse: true, setype: 'lib_t' })
    expect(await sh(`find ${dir}/below -exec stat -c %C {} + | sort -u`)).toBe(lib)
    expect(await contextOf(`${dir}/away`)).toBe(etc)
  })

  test('nothing is set on a host without SELinux', async () => {
    expect((await play('file', { path: `${dir}/f`, setype: 'lib_t' }, false, host)).change).toBeUndefined()
    await play('copy', { content: 'a', dest: `${dir}/plain`, setype: 'lib_t' }, true, host)
    expect(
      (await play('copy', { content: 'a', dest: `${dir}/plain`, setype: 'lib_t' }, false, host)).change,
    ).toBeUndefined()
    expect(await sh(`stat -c %C ${dir}/plain 2>&1 || :`)).not.toContain('lib_t')
  })
})

test.each([
  [{ path: '/x', setype: '$(id)' }, 'setype'],
  [{ path: '/x', state: 'directory', recurse: true, setype: '_default' }, 'recurse'],
])('%j is refused', (args, at) => {
  expect(findModule('file')!.args.safeParse(args).error?.issues[0]?.path[0]).toBe(at)
})
