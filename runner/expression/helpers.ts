import {
  cidrContains,
  cidrCount,
  cidrHost,
  cidrSubnet,
  cidrsOverlap,
  ipVersion,
  isCidr,
} from './helpers/addresses.js'
import { certificates } from './helpers/certificates.js'
import { basename, dirname, env, readFile } from './helpers/controller.js'
import { combine, fromJson, fromYaml, range, toBool, toJson, toYaml, unique } from './helpers/data.js'
import { b64decode, b64encode, quote, regexEscape, sha256 } from './helpers/text.js'
import { versionCompare } from './versions.js'

/** A function that every expression and template can call by its name. */
export interface Helper {
  readonly name: string
  readonly signature: string
  readonly doc: string
  readonly call: (...args: never[]) => unknown
}

/** All helpers: what `tsplay doc` and docs/expressions.md show. Add one here. */
export const helpers: readonly Helper[] = [
  { name: 'b64encode', signature: 'b64encode(text)', doc: 'Base64 of UTF-8 text.', call: b64encode },
  { name: 'b64decode', signature: 'b64decode(text)', doc: 'UTF-8 text out of base64.', call: b64decode },
  { name: 'sha256', signature: 'sha256(text)', doc: 'SHA-256 of UTF-8 text, in hex.', call: sha256 },
  { name: 'toJson', signature: 'toJson(value, indent = 0)', doc: 'The value as JSON.', call: toJson },
  { name: 'toYaml', signature: 'toYaml(value)', doc: 'The value as YAML, block style.', call: toYaml },
  { name: 'fromJson', signature: 'fromJson(text)', doc: 'The value that JSON text holds.', call: fromJson },
  { name: 'fromYaml', signature: 'fromYaml(text)', doc: 'The value that YAML text holds.', call: fromYaml },
  {
    name: 'toBool',
    signature: 'toBool(value)',
    doc: 'True or false out of text such as yes, off or 1, as -e key=value and INI inventories give it.',
    call: toBool,
  },
  { name: 'basename', signature: 'basename(path)', doc: 'The last part of a path.', call: basename },
  { name: 'dirname', signature: 'dirname(path)', doc: 'A path without its last part.', call: dirname },
  { name: 'unique', signature: 'unique(list)', doc: 'The list without repetitions.', call: unique },
  { name: 'range', signature: 'range(start, end, step = 1)', doc: 'Numbers, the end left out.', call: range },
  {
    name: 'combine',
    signature: 'combine(...objects)',
    doc: 'Objects merged deep; later wins.',
    call: combine,
  },
  { name: 'quote', signature: 'quote(value)', doc: 'The value as one word of POSIX sh.', call: quote },
  {
    name: 'versionCompare',
    signature: 'versionCompare(a, b)',
    doc: '-1, 0 or 1: semver, then the N of +k3sN.',
    call: versionCompare,
  },
  {
    name: 'certificates',
    signature: 'certificates(text)',
    doc: 'The X.509 certificates in PEM text: subject, issuer, not_before, not_after (ISO), ca, sha256 (of the DER).',
    call: certificates,
  },
  { name: 'env', signature: 'env(name, default)', doc: "The controller's environment variable.", call: env },
  {
    name: 'readFile',
    signature: 'readFile(path)',
    doc: 'The text of a file of the controller.',
    call: readFile,
  },
  {
    name: 'regexEscape',
    signature: 'regexEscape(text)',
    doc: 'The text as a regular expression that matches it alone.',
    call: regexEscape,
  },
  {
    name: 'ipVersion',
    signature: 'ipVersion(text)',
    doc: '4 or 6; null for what is no IP address.',
    call: ipVersion,
  },
  {
    name: 'isCidr',
    signature: 'isCidr(text)',
    doc: 'Whether it is a network such as 10.42.0.0/16.',
    call: isCidr,
  },
  {
    name: 'cidrContains',
    signature: 'cidrContains(network, inner)',
    doc: 'Whether a network holds an address, or all of another network.',
    call: cidrContains,
  },
  {
    name: 'cidrsOverlap',
    signature: 'cidrsOverlap(a, b)',
    doc: 'Whether two networks share addresses.',
    call: cidrsOverlap,
  },
  {
    name: 'cidrHost',
    signature: 'cidrHost(network, n)',
    doc: 'The n-th address of a network; a negative n counts from its end.',
    call: cidrHost,
  },
  {
    name: 'cidrSubnet',
    signature: 'cidrSubnet(network, prefix, n)',
    doc: 'The n-th network with a longer prefix in a network.',
    call: cidrSubnet,
  },
  {
    name: 'cidrCount',
    signature: 'cidrCount(network, prefix)',
    doc: 'How many networks with a longer prefix a network is made of.',
    call: cidrCount,
  },
]

/** The helpers by name. */
export const helperFunctions: ReadonlyMap<string, Helper['call']> = new Map(
  helpers.map(({ name, call }) => [name, call]),
)

/** The names that helpers take, so that no variable can have them. */
export const helperNames: ReadonlySet<string> = new Set(helperFunctions.keys())
