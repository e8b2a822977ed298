const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls back once when the signal aborts; returns how to leave off. A callback is one listener, however often it is given. All scripts of a run listen to the same signal, and an
 * EventTarget looks through all its listeners for each that comes and goes: so it gets one for all of them.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let waiting = listeners.get(signal)
  if (!waiting) {
    const all = new Set<() => void>()
    waiting = all
    listeners.set(signal, all)
    const abort = (): void => {
      for (const each of [...all]) each()
    }
    signal.addEventListener('abort', abort, { once: true })
  }
  const set = waiting.add(callback)
  return () => set.delete(callback)
}
