import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Feed, SessionUpdate } from '../domain/feed.ts'
import type { Viewer } from '../domain/session-store.ts'
import { eventJson, sessionLink } from '../http/views.ts'

/** The bounds of the stream. */
export interface StreamBounds {
  readonly maxClients: number
  /**
   * A client with more unsent bytes than that is disconnected, because its messages would fill the memory.
   */
  readonly maxBufferedBytes: number
  /** Milliseconds between two pings. A client that did not answer the last ping is disconnected. */
  readonly heartbeatMs: number
}

export const DEFAULT_STREAM_BOUNDS: StreamBounds = {
  maxClients: 100,
  maxBufferedBytes: 1_048_576,
  heartbeatMs: 30_000,
}

/** The updates that one client gets. */
export interface StreamFilter {
  readonly viewer: Viewer
  /** The id of the only session; null for all sessions. */
  readonly sessionId: string | null
}

interface Client extends StreamFilter {
  readonly socket: WebSocket
  alive: boolean
}

const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008
/** Clients should send no messages. A small message is answered with a reason; a larger one is not read. */
const MAX_PAYLOAD_BYTES = 1024

/** Sends updates to WebSocket clients at once. */
export class EventStream {
  readonly #bounds: StreamBounds
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  })
  readonly #clients = new Set<Client>()
  readonly #heartbeat: NodeJS.Timeout
  readonly #unsubscribe: () => void

  constructor(feed: Feed, bounds: StreamBounds) {
    this.#bounds = bounds
    this.#unsubscribe = feed.subscribe((update) => this.#send(update))
    this.#heartbeat = setInterval(() => this.#ping(), bounds.heartbeatMs).unref()
  }

  get clientCount(): number {
    return this.#clients.size
  }

  get isFull(): boolean {
    return this.#clients.size >= this.#bounds.maxClients
  }

  /** Completes the handshake. The caller has checked the path and the key. */
  accept(req: IncomingMessage, socket: Duplex, head: Buffer, filter: StreamFilter): void {
    this.#sockets.handleUpgrade(req, socket, head, (webSocket) => {
      const client: Client = { ...filter, socket: webSocket, alive: true }
      this.#clients.add(client)
      webSocket.on('pong', () => {
        client.alive = true
      })
      webSocket.on('message', () => webSocket.close(POLICY_VIOLATION, 'This stream accepts no messages.'))
      webSocket.on('error', () => webSocket.terminate())
      webSocket.on('close', () => this.#clients.delete(client))
    })
  }

  /** Starts the closing handshake with every client. */
  close(): void {
    clearInterval(this.#heartbeat)
    this.#unsubscribe()
    for (const { socket } of this.#clients) socket.close(GOING_AWAY, 'The server is shutting down.')
  }

  /** Disconnects the clients that did not complete the closing handshake. */
  terminate(): void {
    for (const { socket } of this.#clients) socket.terminate()
  }

  #send(update: SessionUpdate): void {
    if (this.#clients.size === 0) return
    const text = JSON.stringify(toMessage(update))
    for (const { socket, viewer, sessionId } of this.#clients) {
      if (viewer !== null && update.session.tenantId !== viewer) continue
      if (sessionId !== null && update.session.id !== sessionId) continue
      socket.send(text)
      if (socket.bufferedAmount > this.#bounds.maxBufferedBytes) socket.terminate()
    }
  }

  #ping(): void {
    for (const client of this.#clients) {
      if (!client.alive) client.socket.terminate()
      else {
        client.alive = false
        client.socket.ping()
      }
    }
  }
}

function toMessage(update: SessionUpdate): object {
  const session = sessionLink(update.session)
  if (update.kind === 'event') return { kind: 'event', session, event: eventJson(update.event) }
  return { kind: 'rollback', session, checkpointId: update.checkpointId, dropped: update.dropped }
}
