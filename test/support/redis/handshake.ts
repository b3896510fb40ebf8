import { arrayReply, errorReply, integerReply, mapReply, NIL_REPLY, statusReply, textReply } from './resp.ts'

/** What a server answers about itself. */
export interface Identity {
  readonly protocol: 2 | 3
  readonly isCluster: boolean
  readonly port: number
}

const OK = statusReply('OK')
const LAST_SLOT = 16_383

/** The reply to a command that clients send when they connect. Undefined for any other command. */
export function handshakeReply(words: readonly string[], identity: Identity): string | undefined {
  const [name = '', second = ''] = words.map((word) => word.toUpperCase())
  switch (name) {
    case 'HELLO':
      return hello(second, identity)
    case 'INFO':
      return textReply(
        `redis_version:7.0.15\r\nloading:0\r\ncluster_enabled:${Number(identity.isCluster)}\r\n`,
      )
    case 'PING':
      return statusReply('PONG')
    case 'CLUSTER':
      return cluster(second, identity)
    // A scripted server knows a script if the test answers EVALSHA.
    case 'SCRIPT':
      return textReply('0'.repeat(40))
    case 'COMMAND':
      return arrayReply([])
    case 'CLIENT':
    case 'SELECT':
    case 'READONLY':
    case 'QUIT':
      return OK
    default:
      return undefined
  }
}

function hello(version: string, { protocol }: Identity): string {
  if (Number(version) > protocol) return errorReply('NOPROTO unsupported protocol version')
  const about = ['server', 'redis', 'version', '7.0.15', 'mode', 'standalone', 'role', 'master'].map(
    textReply,
  )
  return mapReply([
    ...about,
    textReply('proto'),
    integerReply(protocol),
    textReply('modules'),
    arrayReply([]),
  ])
}

/** A cluster of one server with all slots. */
function cluster(what: string, { port, isCluster }: Identity): string {
  if (!isCluster) return errorReply('ERR This instance has cluster support disabled')
  const node = [textReply('127.0.0.1'), integerReply(port), textReply('0'.repeat(40))]
  switch (what) {
    case 'SLOTS':
      return arrayReply([arrayReply([integerReply(0), integerReply(LAST_SLOT), arrayReply(node)])])
    case 'INFO':
      return textReply('cluster_enabled:1\r\ncluster_state:ok\r\n')
    default:
      return NIL_REPLY
  }
}
