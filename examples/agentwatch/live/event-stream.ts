import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Feed, News } from '../domain/feed.ts'
import type { Viewer } from '../domain/session-store.ts'
import { eventJson, sessionLink } from '../http/views.ts'

/** How much the stream bears. */
export interface StreamBounds {
  readonly maxClients: number
  /** A client with more bytes waiting than that is cut off: it would fill the memory. */
  readonly maxBufferedBytes: number
  /** A client that leaves a ping unanswered so long is gone. */
  readonly heartbeatMs: number
}

export const DEFAULT_STREAM_BOUNDS: StreamBounds = {
  maxClients: 100,
  maxBufferedBytes: 1_048_576,
  heartbeatMs: 30_000,
}

/** What one client wants to hear, and may. */
export interface Interest {
  readonly viewer: Viewer
  /** Only this session; null for all. */
  readonly sessionId: string | null
}

interface Client extends Interest {
  readonly socket: WebSocket
  alive: boolean
}

const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008
/** Clients have nothing to say here; this much is for those that do not know. */
const MAX_PAYLOAD_BYTES = 1024

/** Sends news to WebSocket clients as it happens. */
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
    this.#unsubscribe = feed.subscribe((news) => this.#send(news))
    this.#heartbeat = setInterval(() => this.#ping(), bounds.heartbeatMs).unref()
  }

  get clientCount(): number {
    return this.#clients.size
  }

  get isFull(): boolean {
    return this.#clients.size >= this.#bounds.maxClients
  }

  /** Completes the handshake; the caller has checked the path and the key. */
  accept(req: IncomingMessage, socket: Duplex, head: Buffer, interest: Interest): void {
    this.#sockets.handleUpgrade(req, socket, head, (webSocket) => {
      const client: Client = { ...interest, socket: webSocket, alive: true }
      this.#clients.add(client)
      webSocket.on('pong', () => {
        client.alive = true
      })
      webSocket.on('message', () => webSocket.close(POLICY_VIOLATION, 'This stream takes no messages.'))
      webSocket.on('error', () => webSocket.terminate())
      webSocket.on('close', () => this.#clients.delete(client))
    })
  }

  /** Says goodbye to everybody. */
  close(): void {
    clearInterval(this.#heartbeat)
    this.#unsubscribe()
    for (const { socket } of this.#clients) socket.close(GOING_AWAY, 'The server is shutting down.')
  }

  /** Cuts off those that did not answer the goodbye. */
  terminate(): void {
    for (const { socket } of this.#clients) socket.terminate()
  }

  #send(news: News): void {
    if (this.#clients.size === 0) return
    const text = JSON.stringify(toMessage(news))
    for (const { socket, viewer, sessionId } of this.#clients) {
      if (viewer !== null && news.session.tenantId !== viewer) continue
      if (sessionId !== null && news.session.id !== sessionId) continue
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

function toMessage(news: News): object {
  const session = sessionLink(news.session)
  if (news.kind === 'event') return { kind: 'event', session, event: eventJson(news.event) }
  return { kind: 'rollback', session, checkpointId: news.checkpointId, dropped: news.dropped }
}
