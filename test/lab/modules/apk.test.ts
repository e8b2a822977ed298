import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { findApk } from './apk.js'
import { convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'
import { connectWithShell, shellNames } from './shells.js'

/** Alpine's apk 3 on a host of the lab, with packages that it makes and signs itself and a server of its own. */
const build = `
printf '#!/bin/sh\\nexec /opt/apk/ld-musl-x86_64.so.1 --library-path /opt/apk /opt/apk/apk "$@"\\n' >/usr/local/bin/apk
chmod 755 /usr/local/bin/apk
mkdir -p /etc/apk/keys /srv/apk /var/cache/apk && cd /srv/apk
openssl genrsa -out /root/lab.rsa 2048 && openssl rsa -in /root/lab.rsa -pubout -out /etc/apk/keys/lab.rsa.pub || exit 1
for name in tsplay-a tsplay-b; do for version in 1 2; do
  mkdir -p files/opt && echo $version >files/opt/$name
  apk mkpkg --info name:$name --info version:$version.0-r0 --info description:x --info license:MIT --info arch:noarch \\
    --info provides:$name-virtual=1 --files files --sign-key /root/lab.rsa --output $name-$version.0-r0.apk || exit 1
  rm -r files
done; done
mkdir -p x86_64 noarch
printf 'v3 http://127.0.0.1:8097\\n' >/etc/apk/repositories
apk add --initdb
# It makes device nodes anew, with the umask.
chmod 666 /dev/null
printf '%s\\n' "require('http').createServer((q, r) => require('fs').readFile('/srv/apk' + q.url.replace(/^.*\\//, '/'), (e, b) => e ? r.writeHead(404).end() : r.end(b))).listen(8097, () => require('fs').writeFileSync('/root/apk.ready', ''))" >/root/apk.js
/opt/tsplay-lab/node /root/apk.js >/dev/null 2>&1 & echo $! >/root/apk.pid
left=100
until [ -e /root/apk.ready ] || [ $((left -= 1)) -le 0 ]; do sleep 0.1; done`

const apk = findApk()
let lab: Lab
let host: LabModuleHost
const sh = async (command: string) =>
  (await host.query({ body: `{ ${command}\n} 2>&1`, timeoutMs: 60_000 })).stdout.toString().trim()
const publish = (version: number) =>
  sh(`cd /srv/apk && apk mkndx --sign-key /root/lab.rsa -o Packages.adb ./*-${version}.0-r0.apk`)
const converges = (args: object, name = 'apk') => convergesOn(host, name, args)
const settled = async (args: object, name = 'apk') =>
  expect((await runOn(host, name, args, true)).change).toBeUndefined()

beforeAll(async () => {
  if (!apk) return
  lab = openLab(ourLabDir())
  await lab.fresh('agent-2')
  host = await connectLabHost(lab, 'agent-2')
  const root = lab.hosts.find(({ name }) => name === 'agent-2')!.root
  cpSync(apk, join(root, 'opt/apk'), { recursive: true, verbatimSymlinks: true })
  await sh(build)
  await publish(1)
})
afterAll(async () => {
  if (!apk) return
  await sh(
    'kill "$(cat /root/apk.pid)" || :; rm -rf /usr/local/bin/apk /opt/apk /etc/apk /lib/apk /var/cache/apk',
  )
  await host.close()
})

describe.skipIf(!apk)('apk 3', () => {
  describe.each(shellNames)('under %s', (shell) => {
    beforeAll(async () => {
      await host.close()
      host = await connectWithShell(lab, 'agent-2', shell)
      await publish(1)
      await runOn(host, 'apk', { name: ['tsplay-a', 'tsplay-b'], state: 'absent' }, true)
    })
    afterAll(() => lab.exec('agent-2', 'sudo ln -sf dash /bin/sh'))

    test('install, find it installed, remove it', async () => {
      await converges({ name: ['tsplay-a', 'tsplay-b'], update_cache: true, cache_valid_time: 0 })
      await settled({ name: 'tsplay-a,tsplay-b' })
      await settled({ name: 'tsplay-a-virtual' })
      await settled({ name: 'tsplay-a', use: 'apk' }, 'package')
      expect(await sh('cat /opt/tsplay-a')).toBe('1')
      await converges({ name: 'tsplay-b', state: 'absent', use: 'apk' }, 'package')
      await settled({ name: 'tsplay-b', state: 'absent' })
    })

    test('the newest version, of one and of all', async () => {
      await settled({ name: 'tsplay-a', state: 'latest' })
      await publish(2)
      await settled({ name: 'tsplay-a', state: 'latest' })
      await runOn(
        host,
        'apk',
        { name: 'tsplay-a', state: 'latest', update_cache: true, cache_valid_time: 0 },
        true,
      )
      expect(await sh('cat /opt/tsplay-a')).toBe('2')
      await settled({ name: 'tsplay-a', state: 'latest' })
      await settled({ upgrade: true })
    })
  })

  test('one that does not exist', async () => {
    const error = await runOn(host, 'apk', { name: 'tsplay-none' }, true).catch((e) => e)
    expect(error.message).toContain('could not install tsplay-none (apk): ')
    expect(await sh('cat /etc/apk/world')).not.toContain('tsplay-none')
  })

  test('a database that cannot be read is not absence', async () => {
    await sh('mv /lib/apk/db/installed /root/installed')
    const error = await runOn(host, 'apk', { name: 'tsplay-a' }, false).catch((e) => e)
    await sh('mv /root/installed /lib/apk/db/installed')
    expect(error).toBeInstanceOf(Error)
  })
})
