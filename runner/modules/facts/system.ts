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
    swap_free_mb: mb('SwapFree'),
  }
}

/** What the kernel swaps to, from /proc/swaps. Sizes in MiB. */
export function readSwaps(lines: readonly string[]) {
  return lines.flatMap((line) => {
    const [, path, kind, size, used, priority] = /^(\/\S+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(-?\d+)/.exec(line) ?? []
    if (path === undefined) return []
    const mb = (kib = '0') => Math.floor(Number(kib) / 1024)
    const plain = path.replace(/\\([0-7]{3})/g, (_all, code) => String.fromCharCode(Number.parseInt(code, 8)))
    return [{ path: plain, kind: kind!, size_mb: mb(size), used_mb: mb(used), priority: Number(priority) }]
  })
}

/** How many processors, and which. `cores` and `sockets` are null where /proc/cpuinfo does not tell (ARM). */
export function readCpu(count: string | null, lines: readonly string[]) {
  const values = (key: string) =>
    lines.filter((line) => line.startsWith(key)).map((line) => line.slice(line.indexOf(':') + 1).trim())
  const sockets = new Set(values('physical id')).size || null
  const each = Number(values('cpu cores')[0] ?? 0)
  return {
    count: Number(count ?? 0),
    model: values('model name')[0] ?? null,
    cores: sockets && each ? sockets * each : null,
    sockets,
  }
}

/** Disks, without what only looks like one (loops, memory, optical drives). Sizes in MiB. */
export function readDisks(lines: readonly string[]) {
  return lines.flatMap((line) => {
    const [name = '', sectors = '0', removable, rotational, ...model] = line.trim().split(/\s+/)
    if (Number(sectors) === 0) return []
    return [
      {
        name,
        size_mb: Math.floor(Number(sectors) / 2048),
        removable: removable === '1',
        rotational: rotational === '1',
        model: model.join(' ') || null,
      },
    ]
  })
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

/** As `systemd-detect-virt` names it: `none` on bare metal. Without systemd, from a container's marks and the product's name. */
export function readVirtualization(
  detected: string | null,
  container: string | null,
  product: readonly string[],
): string {
  if (detected !== null || container !== null) return (detected ?? container)!
  const name = product.join(' ')
  return hypervisors.find(([pattern]) => pattern.test(name))?.[1] ?? 'none'
}
