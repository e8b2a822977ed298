/**
 * Which version of control groups the kubelet would use. A host with both (hybrid) counts as version 1: /sys/fs/cgroup is
 * not cgroup2 there, and only its branch `unified` is.
 */
export function readCgroup(mounts: readonly string[], unified: readonly string[], v1: readonly string[]) {
  const parsed = mounts.map((line) => line.split(' '))
  const has2 = parsed.some(([, , type]) => type === 'cgroup2')
  const has1 = parsed.some(([, , type]) => type === 'cgroup')
  const version = parsed.some(([, path, type]) => type === 'cgroup2' && path === '/sys/fs/cgroup') ? 2 : 1
  const enabled = v1
    .filter((line) => !line.startsWith('#') && line.trim().endsWith('1'))
    .map((l) => l.split(/\s/)[0]!)
  const controllers = version === 2 ? unified.flatMap((line) => line.trim().split(/\s+/)) : enabled
  return { version, hybrid: has1 && has2, controllers: [...new Set(controllers)].sort() }
}

/** Sizes in MiB. `free_mb` is what programs can still have, caches included. */
export function readMemory(lines: readonly string[]) {
  const kib = new Map(
    lines.map((line) => [line.split(':')[0]!, Number(/(\d+)/.exec(line.split(':')[1] ?? '')?.[1] ?? 0)]),
  )
  const mb = (key: string) => Math.floor((kib.get(key) ?? 0) / 1024)
  return {
    total_mb: mb('MemTotal'),
    free_mb: kib.has('MemAvailable') ? mb('MemAvailable') : mb('MemFree'),
    swap_mb: mb('SwapTotal'),
  }
}

/** File systems on disks, with sizes in MiB from `df -kP`. */
export function readMounts(lines: readonly string[]) {
  const sizes = new Map<string, { size_mb: number; free_mb: number }>()
  for (const line of lines) {
    const [, size, , free, path] = /^\S.*?\s+(\d+)\s+(\d+)\s+(\d+)\s+\d+%\s+(\/.*)$/.exec(line) ?? []
    if (path)
      sizes.set(path, { size_mb: Math.floor(Number(size) / 1024), free_mb: Math.floor(Number(free) / 1024) })
  }
  const mounts = new Map<
    string,
    { path: string; device: string; fstype: string; size_mb: number; free_mb: number }
  >()
  for (const line of lines) {
    const [word, device = '', path = '', fstype = ''] = line.split(' ')
    // Of two on one path the later hides the earlier.
    if (word === 'mount')
      mounts.set(path, { path, device, fstype, ...(sizes.get(path) ?? { size_mb: 0, free_mb: 0 }) })
  }
  return [...mounts.values()]
}

const hypervisors: readonly (readonly [RegExp, string])[] = [
  [/QEMU|KVM/i, 'kvm'],
  [/VMware/i, 'vmware'],
  [/VirtualBox|innotek/i, 'oracle'],
  [/Microsoft.*Virtual/is, 'microsoft'],
  [/Xen/i, 'xen'],
  [/Amazon EC2/i, 'amazon'],
  [/Google/i, 'google'],
]

/** As `systemd-detect-virt` names it: `none` on bare metal. Without systemd, from the machine's product name. */
export function readVirtualization(detected: string | null, product: readonly string[]): string {
  if (detected !== null) return detected
  const name = product.join(' ')
  return hypervisors.find(([pattern]) => pattern.test(name))?.[1] ?? 'none'
}
