import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

let host: LabModuleHost

const sh = async (command: string) =>
  (await host.query({ body: `{ ${command}\n} 2>&1`, timeoutMs: 60_000 })).stdout.toString().trim()

const play = (name: string, args: unknown, apply: boolean) => runOn(host, name, args, apply)
const converges = (name: string, args: unknown) => convergesOn(host, name, args)

// A repository of one package, without a signature.
beforeAll(async () => {
  host = await connectLabHost(openLab(ourLabDir()), 'server-1')
  await sh(`mkdir -p /srv/apt /root/deb/DEBIAN && cd /srv/apt
    printf '%s\\n' 'Package: lab-repo' 'Version: 1.0' 'Architecture: all' 'Maintainer: x <x@example.org>' 'Description: x' \\
      >/root/deb/DEBIAN/control
    dpkg-deb -b /root/deb lab-repo_1.0_all.deb >/dev/null
    { cat /root/deb/DEBIAN/control; echo 'Filename: ./lab-repo_1.0_all.deb'; stat -c 'Size: %s' lab-repo_1.0_all.deb
      echo "SHA256: $(sha256sum <lab-repo_1.0_all.deb | cut -d' ' -f1)"; } >Packages`)
})
afterAll(async () => {
  await host?.close()
})

test('a line, its package, and no line again', async () => {
  const repo = 'deb [trusted=yes] file:/srv/apt ./'
  await converges('apt_repository', { repo, filename: 'lab' })
  expect(await sh('apt-cache policy lab-repo')).toContain('Candidate: 1.0')
  expect(
    (await play('apt_repository', { repo: 'deb  [ trusted=yes ] file:/srv/apt ./' }, true)).change,
  ).toBeUndefined()
  await converges('apt_repository', { repo, state: 'absent' })
  expect(await sh('ls /etc/apt/sources.list.d; true')).not.toContain('lab.list')
})

test('a repository that cannot be fetched leaves nothing behind', async () => {
  const before = await sh('cat /etc/apt/sources.list; ls /etc/apt/sources.list.d')
  const error = await play('apt_repository', { repo: 'deb file:/srv/nowhere ./' }, true).catch((e) => e)
  expect(error.message).toContain('is as it was again')
  expect(await sh('cat /etc/apt/sources.list; ls /etc/apt/sources.list.d')).toBe(before)
  await sh('apt-get update')
})

test('a stanza with its key: where it is, and from a server', async () => {
  const lab = { name: 'Lab Repo', uris: 'file:/srv/apt', suites: './', trusted: true }
  const keyring = await sh('ls /usr/share/keyrings/debian-archive-bookworm-stable.gpg')
  await converges('deb822_repository', { ...lab, signed_by: keyring })
  expect(await sh('cat /etc/apt/sources.list.d/lab-repo.sources')).toContain(`Signed-By: ${keyring}`)
  await sh(`printf '%s\\n' "require('http').createServer((q, r) => r.end(require('fs').readFileSync(q.url))).listen(8099)" >/root/serve.js
    setsid /opt/tsplay-lab/node /root/serve.js >/dev/null 2>&1 </dev/null &
    for i in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null http://127.0.0.1:8099/etc/hostname && break; sleep 1; done`)
  await converges('deb822_repository', { ...lab, signed_by: `http://127.0.0.1:8099${keyring}` })
  expect(
    await sh(`cmp ${keyring} /etc/apt/keyrings/lab-repo.gpg && apt-get update >/dev/null && echo fetched`),
  ).toBe('fetched')
  expect(await sh('apt-cache policy lab-repo')).toContain('Candidate: 1.0')
  await sh(`rm /etc/apt/keyrings/lab-repo.gpg; { echo '-----BEGIN PGP PUBLIC KEY BLOCK-----'; echo; base64 ${keyring}
    echo '-----END PGP PUBLIC KEY BLOCK-----'; } >/srv/key.asc`)
  await converges('deb822_repository', { ...lab, signed_by: 'http://127.0.0.1:8099/srv/key.asc' })
  await sh(`cmp ${keyring} /etc/apt/keyrings/lab-repo.gpg`)
  await converges('deb822_repository', { name: 'Lab Repo', state: 'absent' })
  expect(await sh('ls /etc/apt/keyrings')).toBe('')
  const html = { ...lab, signed_by: 'http://127.0.0.1:8099/etc/hostname' }
  await expect(play('deb822_repository', html, true)).rejects.toThrow('is not an OpenPGP key')
  await sh("kill $(pgrep -f '^/opt/tsplay-lab/node /root/serve.js$')")
})
