import { execFile } from 'node:child_process'
import { log } from './log.js'

/** Tells systemd that the service is up; systemd-notify speaks in the name of its parent, this process. */
export function notifyReady(): void {
  if (process.env.NOTIFY_SOCKET === undefined) return
  execFile('systemd-notify', ['--ready'], { timeout: 5000 }, (error) => {
    if (error !== null) log('error', `systemd-notify: ${error.message}`)
  })
}

/** Ends the process cleanly on SIGTERM and SIGINT, at the latest after 800 ms. */
export function onStop(stop: () => void): void {
  const end = (): void => {
    log('info', 'Shutdown request received')
    setTimeout(() => process.exit(0), 300).unref()
    try {
      stop()
    } finally {
      setImmediate(() => process.exit(0))
    }
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}
