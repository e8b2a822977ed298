import { describe, expect, it, vi } from 'vitest'
import { parseLdd } from '../../lab/busybox.js'
import { hashOf, systemdRecipe } from '../../lab/image.js'
import { publicKeyLine } from '../../lab/keys.js'
import { nspawnCommand } from '../../lab/nspawn.js'

describe('the recipe', () => {
  it('takes more packages, and names another image then', () => {
    const plain = hashOf(systemdRecipe())
    vi.stubEnv('TSPLAY_LAB_PACKAGES', ' python3  firewalld ')
    expect(systemdRecipe().packages.slice(-2)).toEqual(['firewalld', 'python3'])
    expect(hashOf(systemdRecipe())).not.toBe(plain)
    vi.unstubAllEnvs()
    expect(hashOf(systemdRecipe())).toBe(plain)
  })
})

describe('parseLdd', () => {
  it("finds libraries and the loader, and not the kernel's page", () => {
    const text =
      '\tlinux-vdso.so.1 (0x1)\n\tlibz.so.1 => /lib/x/libz.so.1 (0x2)\n\t/lib64/ld-linux-x86-64.so.2 (0x3)\n'
    expect(parseLdd(text)).toEqual(['/lib/x/libz.so.1', '/lib64/ld-linux-x86-64.so.2'])
  })
})

describe('publicKeyLine', () => {
  it('takes the key from what dropbearkey prints', () => {
    const text = 'Public key portion is:\nssh-ed25519 AAAAC3 root@x\nFingerprint: SHA256:abc\n'
    expect(publicKeyLine(text)).toBe('ssh-ed25519 AAAAC3\n')
  })
})

describe('nspawnCommand', () => {
  const host = {
    name: 'server-1',
    kind: 'server',
    address: '',
    machine: 'tsl1-s1',
    merged: '/m',
    image: '/i',
  } as const

  it('never gives a host the clock', () => {
    expect(nspawnCommand(host, 'tsl1', false)).toContain('--drop-capability=CAP_SYS_TIME')
  })

  it('stays in its control group where no systemd could make one', () => {
    expect(nspawnCommand(host, 'tsl1', false)).toContain('--keep-unit')
    expect(nspawnCommand(host, 'tsl1', true)).not.toContain('--keep-unit')
  })
})
