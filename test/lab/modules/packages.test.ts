import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyOne, keyTwo } from '../../support/openpgp.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'
import { connectWithShell, shellNames } from './shells.js'

let lab: Lab
let host: LabModuleHost

const useShell = async (shell: (typeof shellNames)[number]) => {
  await host.close()
  host = await connectWithShell(lab, 'server-1', shell)
}

const sh = async (command: string) =>
  (await host.query({ body: `{ ${command}\n} 2>&1`, timeoutMs: 60_000 })).stdout.toString().trim()

const play = (name: string, args: unknown, apply: boolean) => runOn(host, name, args, apply)
const converges = (name: string, args: unknown) => convergesOn(host, name, args)
const settled = async (name: string, args: unknown) =>
  expect((await play(name, args, true)).change).toBeUndefined()

/**
 * Two packages, tsplay-a and tsplay-b, in versions 1.0 and 2.0, for each kind of repository; nothing is published yet.
 * Debian's rpm keeps its database in the home of root; it goes where it is on a system of rpm.
 */
const build = `
mkdir -p /etc/rpm && echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
mkdir -p /srv/rpm /srv/pac /root/build && cd /root/build
for name in tsplay-a tsplay-b; do for version in 1 2; do
  printf '%s\\n' "Name: $name" "Version: $version.0" 'Release: 1' 'Summary: x' 'License: MIT' 'BuildArch: noarch' \\
    "Provides: $name-virtual" '%description' x '%install' 'mkdir -p %{buildroot}/opt' \\
    "echo $version >%{buildroot}/opt/$name" '%files' "/opt/$name" >spec
  rpmbuild -bb --quiet --define '_topdir /root/build' --define '_rpmdir /root/build/rpm' spec || exit 1
  mkdir -p pac/srv
  echo $version >pac/srv/$name
  printf '%s\\n' "pkgname = $name" "pkgver = $version.0-1" 'pkgdesc = x' 'url = x' 'builddate = 1' 'packager = x' 'size = 2' \\
    'arch = any' "provides = $name-virtual" >pac/.PKGINFO
  (cd pac && bsdtar -czf "../$name-$version.0-1-any.pkg.tar.gz" .PKGINFO srv) || exit 1
  rm -r pac
done; done
printf '[lab]\\nname=lab\\nbaseurl=file:///srv/rpm\\nenabled=1\\ngpgcheck=0\\n' >/etc/yum.repos.d/lab.repo
cp /etc/yum.repos.d/lab.repo /etc/zypp/repos.d/lab.repo
printf '[options]\\nSigLevel = Never\\nArchitecture = x86_64\\n[lab]\\nServer = file:///srv/pac\\n' >/etc/pacman.conf`

const publish = (version: number) => `
cd /root/build && cp rpm/noarch/*-${version}.0-1.noarch.rpm /srv/rpm/ && createrepo_c -q /srv/rpm
# pacman takes a database only if it is newer than its own by whole seconds.
while [ "$(stat -L -c %Y /srv/pac/lab.db 2>&1)" = "$(date +%s)" ]; do sleep 0.1; done
cp *-${version}.0-1-any.pkg.tar.gz /srv/pac/ && repo-add -q /srv/pac/lab.db.tar.gz *-${version}.0-1-any.pkg.tar.gz`

// What libzypp of Debian has made of the database it may not read again after a change of rpm's own.
const cleanRpm = 'rpm -e tsplay-b; rpm -e tsplay-a; rm -rf /var/cache/zypp/solv'

beforeAll(async () => {
  lab = openLab(ourLabDir())
  await lab.fresh('server-1')
  host = await connectLabHost(lab, 'server-1')
  // The static busybox would run an rpm of its own in the place of rpm's.
  const tools = 'dnf zypper pacman-package-manager makepkg createrepo-c rpm libarchive-tools busybox'.split(
    ' ',
  )
  await play('apt', { name: tools, update_cache: true, install_recommends: false }, true)
  await sh(`mkdir -p /etc/yum.repos.d /etc/zypp/repos.d; ${build}`)
  await sh(publish(1))
})
afterAll(async () => {
  await host?.close()
})

describe.each([
  ['dnf', 'rpm -q --qf %{VERSION} tsplay-a'],
  ['zypper', 'rpm -q --qf %{VERSION} tsplay-a'],
  ['pacman', 'pacman -Q tsplay-a | sed "s/.* //;s/-.*//"'],
])('%s', (tool, version) => {
  const package_ = (args: object) => ({ ...args, use: tool })
  const clean =
    tool === 'pacman'
      ? 'pacman -R --noconfirm tsplay-a tsplay-b || pacman -R --noconfirm tsplay-a || :'
      : cleanRpm

  describe.each(shellNames)('under %s', (shell) => {
    beforeAll(() => useShell(shell))
    afterAll(() => useShell('dash'))

    test('install, find it installed, remove it', async () => {
      await sh(clean)
      await sh(`rm -f /srv/rpm/*-2.0* /srv/pac/*; ${publish(1)}`)
      await converges(tool, { name: ['tsplay-a', 'tsplay-b'], update_cache: true, cache_valid_time: 0 })
      await settled(tool, { name: 'tsplay-a,tsplay-b' })
      await settled(tool, { name: 'tsplay-a-virtual' })
      await settled('package', package_({ name: ['tsplay-a'], update_cache: true }))
      expect(await sh(version)).toBe('1.0')
      await converges('package', package_({ name: 'tsplay-b', state: 'absent' }))
      await settled(tool, { name: 'tsplay-b', state: 'absent' })
    })

    test('the newest version, of one and of all', async () => {
      await settled(tool, { name: 'tsplay-a', state: 'latest' })
      await sh(publish(2))
      await settled(tool, { name: 'tsplay-a', state: 'latest' })
      const all = tool === 'pacman' ? { upgrade: true } : { name: '*', state: 'latest' }
      const foretold = await play(tool, { ...all, update_cache: true, cache_valid_time: 0 }, true)
      expect(foretold.change?.summary[0]).toBe('update the package lists')
      expect(await sh(version)).toBe('2.0')
      await settled(tool, all)
      await settled(tool, { name: 'tsplay-a', state: 'latest' })
    })
  })

  test('one that does not exist', async () => {
    const error = await play(tool, { name: 'tsplay-none' }, true).catch((e) => e)
    expect(error.message).toContain(`could not install tsplay-none (${tool}): `)
    expect((await play(tool, { name: 'tsplay-none' }, false)).change?.summary).toEqual([
      'install tsplay-none',
    ])
  })

  test('a broken database is not absence', async () => {
    const where = tool === 'pacman' ? '/var/lib/pacman/local' : '/var/lib/rpm'
    await sh(`mv ${where} ${where}.away; echo x >${where}`)
    const error = await play(tool, { name: 'tsplay-a' }, false).catch((e) => e)
    await sh(`rm ${where}; mv ${where}.away ${where}`)
    expect(error).toBeInstanceOf(Error)
    // libzypp of Debian cannot read the database again after this.
    if (tool === 'zypper') await sh(clean)
    else await converges(tool, { name: 'tsplay-a', state: 'absent' })
  })
})

describe.each(shellNames)('under %s', (shell) => {
  beforeAll(() => useShell(shell))
  afterAll(() => useShell('dash'))

  test('a version: dnf and zypper go back only where they may', async () => {
    await sh(`${cleanRpm}; ${publish(2)}`)
    await play('dnf', { name: 'tsplay-a', update_cache: true, cache_valid_time: 0 }, true)
    await settled('dnf', { name: 'tsplay-a-2.0' })
    await settled('package', { name: 'tsplay-a=2.*', use: 'dnf' })
    await expect(play('dnf', { name: 'tsplay-a=1.0' }, true)).rejects.toThrow('newer than 1.0')
    await converges('dnf', { name: 'tsplay-a=1.0', allow_downgrade: true })
    await converges('zypper', { name: 'tsplay-a=2.0' })
    await converges('zypper', { name: 'tsplay-a=1.0', oldpackage: true })
  })

  test('repositories for one task, and a package file', async () => {
    await sh(`${cleanRpm}; sed -i s/enabled=1/enabled=0/ /etc/yum.repos.d/lab.repo; rm -f /opt/b.rpm`)
    await expect(play('dnf', { name: 'tsplay-b' }, true)).rejects.toThrow('could not install tsplay-b')
    await converges('dnf', { name: 'tsplay-b', enablerepo: 'lab', exclude: 'tsplay-a' })
    await converges('dnf', { name: 'tsplay-b', state: 'absent' })
    const missing = await play('dnf', { name: '/opt/b x.rpm' }, false).catch((e) => e)
    expect(missing).toBeInstanceOf(Error)
    expect((await play('dnf', { name: '/opt/b.rpm' }, false)).change?.requires).toEqual(['file:/opt/b.rpm'])
    await sh('cp /root/build/rpm/noarch/tsplay-b-2.0-1.noarch.rpm /opt/b.rpm')
    await converges('dnf', { name: '/opt/b.rpm', disable_gpg_check: true })
    await sh('sed -i s/enabled=0/enabled=1/ /etc/yum.repos.d/lab.repo')
  })
})

describe.each(shellNames)('rpm_key under %s', (shell) => {
  beforeAll(() => useShell(shell))
  afterAll(() => useShell('dash'))

  const file = '/opt/key one.asc'
  const have = async () => (await sh("rpm -q gpg-pubkey --qf '%{SUMMARY}\\n' | sort")).split('\n')

  test('a file, one key and two', async () => {
    await sh(`rm -f /opt/both.asc '${file}'`)
    await host.upload(Buffer.from(keyOne.text), file)
    await host.upload(Buffer.from(keyOne.text + keyTwo.text), '/opt/both.asc')
    expect((await play('rpm_key', { key: '/opt/none.asc' }, false)).change?.requires).toEqual([
      'file:/opt/none.asc',
    ])
    await expect(play('rpm_key', { key: keyOne.fingerprint.slice(-8) }, true)).rejects.toThrow(
      'rpm does not have',
    )
    await converges('rpm_key', { key: file })
    expect(await have()).toHaveLength(1)
    await settled('rpm_key', {
      key: file,
      fingerprint: keyOne.fingerprint.replace(/(.{4})/g, '$1 ').toLowerCase(),
    })
    await settled('rpm_key', { key: `0x${keyOne.fingerprint.slice(-16)}` })
    const other = play('rpm_key', { key: '/opt/both.asc', fingerprint: ['A'.repeat(40)] }, true)
    await expect(other).rejects.toThrow(`not ${'A'.repeat(40)}: nothing was imported`)
    expect((await converges('rpm_key', { key: '/opt/both.asc' })).key).toBe('/opt/both.asc')
    expect(await have()).toHaveLength(2)
  })

  test('a URL, which is not asked where the fingerprint is there', async () => {
    await sh(
      'rpm -e --allmatches gpg-pubkey; cd /opt && (python3 -m http.server 8098 --bind 127.0.0.1 >/dev/null 2>&1 & echo $! >/opt/web)',
    )
    await expect.poll(() => sh('curl -s -o /dev/null http://127.0.0.1:8098/ && echo up || :')).toBe('up')
    const args = {
      key: 'http://127.0.0.1:8098/both.asc',
      fingerprint: [keyOne.fingerprint, keyTwo.fingerprint],
    }
    await converges('rpm_key', args)
    await settled('rpm_key', { key: args.key })
    await sh('kill $(cat /opt/web)')
    await settled('rpm_key', args)
    await expect(play('rpm_key', { key: args.key }, false)).rejects.toThrow(`could not fetch ${args.key}`)
  })

  test('removed, by id and by file', async () => {
    await converges('rpm_key', { key: keyOne.fingerprint.slice(-8).toLowerCase(), state: 'absent' })
    expect(await have()).toHaveLength(1)
    await converges('rpm_key', { key: '/opt/both.asc', state: 'absent' })
    await settled('rpm_key', { key: keyOne.fingerprint, state: 'absent' })
  })

  test('what is no key, and a broken database', async () => {
    await sh('echo no >/opt/no.asc')
    await expect(play('rpm_key', { key: '/opt/no.asc' }, true)).rejects.toThrow(
      '/opt/no.asc holds no armored OpenPGP key',
    )
    await sh('mv /var/lib/rpm /var/lib/rpm.away; echo x >/var/lib/rpm')
    const error = await play('rpm_key', { key: file, state: 'absent' }, false).catch((e) => e)
    await sh('rm /var/lib/rpm; mv /var/lib/rpm.away /var/lib/rpm')
    expect(error).toBeInstanceOf(Error)
  })
})

test('a package file and a key that may not be looked at are not absent', async () => {
  await sh('mkdir -p /srv/shut && chmod 700 /srv/shut')
  const user = await connectLabHost(lab, 'server-1', false)
  const asks = [
    ['dnf', { name: '/srv/shut/a.rpm' }],
    ['rpm_key', { key: '/srv/shut/key.asc', state: 'absent' }],
  ] as const
  for (const [name, args] of asks)
    await expect(runOn(user, name, args, false)).rejects.toThrow('permission denied: /srv/shut')
  await user.close()
})

test('another run that holds the lock is waited for, and not for ever', async () => {
  await sh('touch /var/lib/pacman/db.lck')
  const error = await play('pacman', { name: 'tsplay-a', lock_timeout: 1 }, true).catch((e) => e)
  expect(error.message).toContain('unable to lock database')
  await sh('(sleep 1.5; rm /var/lib/pacman/db.lck) >/dev/null 2>&1 &')
  await play('pacman', { name: 'tsplay-a', lock_timeout: 30 }, true)
  await settled('pacman', { name: 'tsplay-a' })
})

describe('apt', () => {
  test('a package file, of which the same version is installed once', async () => {
    await sh(`cd /root && mkdir -p deb/DEBIAN && printf '%s\\n' 'Package: tsplay-d' 'Version: 1.0' 'Architecture: all' \\
      'Maintainer: x <x@example.org>' 'Description: x' >deb/DEBIAN/control && dpkg-deb -b deb '/opt/d 1.deb' >/dev/null`)
    expect((await play('apt', { deb: '/opt/none.deb' }, false)).change?.requires).toEqual([
      'file:/opt/none.deb',
    ])
    await converges('apt', { deb: '/opt/d 1.deb' })
    await converges('apt', { name: 'tsplay-d', state: 'absent', purge: true })
  })

  test('what apt-get itself foretells', async () => {
    await play('apt', { name: 'libarchive-tools', state: 'present' }, true)
    await play('apt', { upgrade: 'dist' }, true)
    await settled('apt', { upgrade: 'dist' })
    await sh('touch /var/lib/dpkg/updates/0001; dpkg --audit || :')
    await converges('apt', { name: 'pv' })
    expect(await sh('dpkg --audit')).toBe('')
  })
})
