import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { socketFrom } from './addressed-socket.ts'
import { type Family, freshAddress } from './client-addresses.ts'

/** Who sends the requests: 1000 clients in turn, one over a single connection, or a new one each time. */
export type Clients = '1000 clients' | '1 connection' | 'new clients'

/** What the requests are made from. */
export interface VisitSettings {
  readonly family: Family
  readonly clients: Clients
  /** Where there are clients that come again. */
  readonly distinct: number
  /** Whether one proxy sends them all, with the client's address in X-Forwarded-For. */
  readonly isProxied: boolean
}

/** What a browser or a load generator sends at least. */
const RAW_HEADERS: readonly string[] = [
  ...['Host', '127.0.0.1:3000', 'Connection', 'keep-alive', 'User-Agent', 'bench', 'Accept', '*/*'],
  ...['Accept-Encoding', 'gzip, deflate'],
]

const PROXY = '10.0.0.1'

/** One request with its response, ready to be passed to an app. */
export interface Visit {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

/** Makes requests as Node's parser makes them. */
export class Visits {
  readonly #settings: VisitSettings
  readonly #sharedSocket: Socket
  #made = 0

  constructor(settings: VisitSettings) {
    this.#settings = settings
    this.#sharedSocket = socketFrom(settings.isProxied ? PROXY : freshAddress(settings.family, 0))
  }

  makeOne(): Visit {
    const { family, clients, distinct, isProxied } = this.#settings
    const index = this.#made++
    const number = clients === '1000 clients' ? index % distinct : index
    const isShared = isProxied || clients === '1 connection'
    const req = new IncomingMessage(isShared ? this.#sharedSocket : socketFrom(freshAddress(family, number)))
    req.method = 'GET'
    req.url = '/'
    const forwarded = isProxied ? ['X-Forwarded-For', freshAddress(family, number)] : []
    addHeaderLines(req, [...RAW_HEADERS, ...forwarded])
    return { req, res: new ServerResponse(req) }
  }
}

/** Gives a request its headers by the method that the parser calls: `rawHeaders` alone would leave `headers` empty. */
function addHeaderLines(req: IncomingMessage, lines: readonly string[]): void {
  const parsed = req as unknown as { _addHeaderLines(lines: readonly string[], count: number): void }
  parsed._addHeaderLines(lines, lines.length)
}
