import net from 'node:net'

/** A response as it was received. */
export interface RawResponse {
  readonly status: number
  /** Header lines in their order, names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/**
 * Writes `text` to a new connection in one packet. Reads until the server closes the connection or `count`
 * responses have arrived.
 */
export function sendRaw(port: number, text: string, count = 1, host = '127.0.0.1'): Promise<RawResponse[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () => socket.write(text))
    let received = ''
    const finish = (): void => {
      socket.destroy()
      resolve(parseResponses(received))
    }
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (parseResponses(received).length >= count) finish()
    })
    socket.on('end', finish)
    socket.on('error', reject)
  })
}

/**
 * The complete responses in a text of responses with Content-Length. An incomplete one at the end is ignored.
 */
export function parseResponses(text: string): RawResponse[] {
  const responses: RawResponse[] = []
  let rest = text
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return responses
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = new Map(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const length = Number(headers.get('content-length') ?? 0)
    const body = rest.slice(end + 4, end + 4 + length)
    if (body.length < length) return responses
    responses.push({ status: Number(statusLine.split(' ')[1]), headers, body })
    rest = rest.slice(end + 4 + length)
  }
}

/** A GET request as text. */
export function rawGet(path: string, headerLines: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost', ...headerLines, '', ''].join('\r\n')
}
