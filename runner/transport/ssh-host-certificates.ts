import type { Client } from 'ssh2'
import { certificateAlgorithm, isCertificate, keyTypeOf, plainKey } from './certificate.js'

/**
 * Host certificates, which ssh2 cannot negotiate: like ssh-hooks.ts this reaches into its inside (1.17.0, pinned). ssh2
 * hands the certificate to the host verifier, which judges it, and then has to verify the exchange with the key within.
 */
interface Inside {
  readonly _protocol: { _offer: Offer; _kex: Exchange | undefined }
}

/** What is offered in KEXINIT, in the shape in which its own constructor takes it. */
interface Offer {
  readonly lists: { readonly kex: List; readonly serverHostKey: List; readonly cs: Side; readonly sc: Side }
}
interface List {
  readonly array: readonly string[]
}
type Side = Readonly<Record<'cipher' | 'mac' | 'compress' | 'lang', List>>

interface Exchange {
  readonly negotiated: { serverHostKey: string }
  _hostKey: Buffer | undefined
  _sig: Buffer | undefined
}

/** Asks for certificates first, of the algorithms of plain keys. To be called right after `client.connect`. */
export function takeHostCertificates(client: Client, algorithms: readonly string[]): void {
  const protocol = (client as unknown as Inside)._protocol
  protocol._offer = offerFirst(protocol._offer, algorithms.map(certificateAlgorithm))
  let current = protocol._kex
  Object.defineProperty(protocol, '_kex', {
    get: () => current,
    set: (exchange: Exchange | undefined) => {
      current = exchange
      if (exchange && isCertificate(exchange.negotiated.serverHostKey)) verifyWithin(exchange)
    },
  })
}

function offerFirst(offer: Offer, certificates: readonly string[]): Offer {
  const { kex, serverHostKey, cs, sc } = offer.lists
  const side = ({ cipher, mac, compress, lang }: Side) => ({
    cipher: cipher.array,
    mac: mac.array,
    compress: compress.array,
    lang: lang.array,
  })
  const Again = offer.constructor as new (lists: object) => Offer
  const hostKeys = [...certificates, ...serverHostKey.array]
  return new Again({ kex: kex.array, serverHostKey: hostKeys, cs: side(cs), sc: side(sc) })
}

/**
 * Three things are compared with the algorithm that was agreed on: at first the type of the blob (RSA has one for
 * several algorithms), once that is there the algorithm of the signature. The hash of the exchange is over the whole
 * certificate; the signature is read after that, and verified by the plain key.
 */
function verifyWithin(exchange: Exchange): void {
  const { negotiated } = exchange
  const algorithm = keyTypeOf(negotiated.serverHostKey)
  if (algorithm.startsWith('rsa-')) negotiated.serverHostKey = certificateAlgorithm('ssh-rsa')
  let blob: Buffer | undefined
  let signature: Buffer | undefined
  let hashed = false
  Object.defineProperties(exchange, {
    _hostKey: {
      get: () => (hashed && blob ? plainKey(blob) : blob),
      set: (shown: Buffer | undefined) => {
        blob = shown
        negotiated.serverHostKey = algorithm
      },
    },
    _sig: {
      get: () => {
        hashed = true
        return signature
      },
      set: (given: Buffer | undefined) => {
        signature = given
      },
    },
  })
}
