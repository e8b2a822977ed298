import path from 'node:path'
import { type Config, loadConfig } from '../config/config.js'
import { type Flag, serverFlags } from '../config/flags.js'
import { type Client, client } from '../core/client.js'
import { readText } from '../core/files.js'
import { request } from '../core/http.js'
import { CommandError, reason } from '../core/log.js'
import { directories } from '../core/start.js'
import { authorization, parseToken } from '../core/tokens.js'

/** Settings of a subcommand: its own flags, and the server's configuration (for data-dir, ports and token). */
export async function commandConfig(argv: readonly string[], own: readonly Flag[]): Promise<Config> {
  return loadConfig(
    [...own, ...serverFlags.filter((flag) => !own.some((mine) => mine.name === flag.name))],
    argv,
  )
}

/** A client of this host's running server, with the rights of a server. @throws CommandError when none runs */
function localServer(config: Config, token?: string): Client {
  const dirs = directories(config)
  const ca = readText(path.join(dirs.tls, 'server-ca.crt'))
  const text = token ?? readText(path.join(dirs.server, 'token'))?.trim()
  if (ca === undefined || text === undefined)
    throw new CommandError(
      `see server log for details: open ${path.join(dirs.server, 'token')}: no such file or directory`,
    )
  const base = `https://127.0.0.1:${config.int('https-listen-port', 6443)}`
  return client(base, { ca, authorization: authorization(parseToken(text), 'server') })
}

/** Asks the local server; failures become `<what> error: …`. */
export async function ask<T>(
  config: Config,
  what: string,
  path: string,
  body: unknown,
  token?: string,
): Promise<T> {
  const local = localServer(config, token)
  try {
    return await local.call<T>('POST', path, body, 600_000)
  } catch (error) {
    throw new CommandError(`${what} error: ${reason(error)}`)
  } finally {
    local.stop()
  }
}

/** The CA that the local server shows. */
export async function localCa(config: Config): Promise<string> {
  const base = `https://127.0.0.1:${config.int('https-listen-port', 6443)}`
  return (await request(`${base}/cacerts`, { ca: null })).text
}
