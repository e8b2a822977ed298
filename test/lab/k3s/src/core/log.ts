/** Ends the process with exit code 1 and a `level=fatal` line, as k3s does for what a retry cannot mend. */
export class Fatal extends Error {}

/** A command's failure: the text goes to stderr as it is, without a log prefix. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly code = 1,
  ) {
    super(message)
  }
}

/** Writes one line in logrus' text format to stderr. */
export function log(level: 'info' | 'warning' | 'error' | 'fatal', message: string): void {
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  process.stderr.write(`time="${time}" level=${level} msg=${JSON.stringify(message)}\n`)
}

/** The text of anything thrown. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Waits; the timer alone does not keep the process alive. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
