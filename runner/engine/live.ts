import { StringDecoder } from 'node:string_decoder'

/** Longer unfinished lines are passed on as they are: memory is bounded. */
const longest = 64 * 1024

/** Passes output on line by line: a character or a secret that is split over two chunks is whole in what is passed. */
export interface Lines {
  push(chunk: Buffer): void
  end(): void
}

export function byLine(pass: (text: string) => void): Lines {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const flush = (text: string): void => {
    if (text !== '') pass(text)
  }
  return {
    push(chunk) {
      rest += decoder.write(chunk)
      const end = rest.lastIndexOf('\n') + 1
      if (end === 0 && rest.length < longest) return
      const cut = end === 0 ? rest.length : end
      flush(rest.slice(0, cut))
      rest = rest.slice(cut)
    },
    end() {
      flush(rest + decoder.end())
      rest = ''
    },
  }
}
