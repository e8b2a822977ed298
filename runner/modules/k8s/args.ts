import { name, text } from '../schema.js'
import { joinWords, splitWords } from '../words.js'

/** The name of a node. k3s makes it of the host's name, in lower case. */
export const nodeName = name
  .transform((v) => v.toLowerCase())
  .refine((v) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(v), 'is not the name of a node')

/** How kubectl is run on the host. */
export const kubectl = text
  .refine((v) => v.trim() !== '' && !/["'\\]/.test(v), 'must be a command without quotes')
  .default('/usr/local/bin/k3s kubectl')
  .describe('How kubectl is run on the host that the task runs on: a server.')

/** The words of the kubectl command, for `eval`. */
export const kubectlLine = (command: string) => joinWords(splitWords(command))

/** `kubectl` with the words given; every request is bounded. */
export const kubectlFunction = `kube() {
  eval "$kubectl \\"\\$@\\" </dev/null"
}
`
