/** The part of an object of Kubernetes that every one has. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined }
  readonly [field: string]: unknown
}

/** How kubectl is asked for the kind: with its group and version where it has a group. */
export function resourceWord({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): string {
  const [group, version] = apiVersion.split('/')
  return version === undefined ? kind : `${kind}.${version}.${group}`
}

/** Fields that the server takes and gives back under another name. */
function normal(wanted: KubeObject): KubeObject {
  if (wanted.kind !== 'Secret' || typeof wanted.stringData !== 'object' || wanted.stringData === null)
    return wanted
  const { stringData, data, ...rest } = wanted
  const encoded = Object.entries(stringData as Record<string, unknown>).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ])
  return {
    ...(rest as KubeObject),
    data: { ...(data as object | undefined), ...Object.fromEntries(encoded) },
  }
}

/** Whether the live object has every field of the wanted one, with its value; null and absent are the same. */
export function covers(wanted: KubeObject, live: KubeObject): boolean {
  const { apiVersion: _version, ...rest } = normal(wanted)
  return has(rest, live)
}

function has(wanted: unknown, live: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(live) && wanted.length === live.length && wanted.every((one, at) => has(one, live[at]))
    )
  if (typeof wanted !== 'object' || wanted === null) return wanted === (live ?? null)
  if (typeof live !== 'object' || live === null) return Object.keys(wanted).length === 0
  return Object.entries(wanted).every(([key, value]) => has(value, (live as Record<string, unknown>)[key]))
}

/** The live object with no more than the fields that are wanted, so that a difference shows what matters. */
function cut(wanted: unknown, live: unknown): unknown {
  if (typeof wanted !== 'object' || wanted === null || typeof live !== 'object' || live === null) return live
  if (Array.isArray(wanted)) return Array.isArray(live) ? live.map((one, at) => cut(wanted[at], one)) : live
  const found = Object.entries(wanted).filter(([key]) => Object.hasOwn(live, key))
  return Object.fromEntries(
    found.map(([key, value]) => [key, cut(value, (live as Record<string, unknown>)[key])]),
  )
}

const hidden = (object: KubeObject) =>
  object.kind === 'Secret' ? { ...object, data: '(secret)', stringData: undefined } : object
const written = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

/** What is shown as before. */
export function liveText(wanted: KubeObject, live: KubeObject | undefined): string {
  return live ? written(hidden(cut(normal(wanted), live) as KubeObject)) : ''
}

/** What is shown as after. */
export const wantedText = (wanted: KubeObject) =>
  written(wanted.kind === 'Secret' ? { ...hidden(wanted), data: '(secret, changed)' } : wanted)
