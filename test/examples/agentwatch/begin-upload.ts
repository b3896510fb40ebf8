import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { onTestFinished } from 'vitest'

/**
 * Sends the headers of a request for events, and the first byte of its body. Resolves when the server has called the
 * handlers of the app and waits for the rest.
 */
export async function beginUpload({ url, key }: { url: string; key: string }): Promise<ClientRequest> {
  const upload = request(`${url}/api/v1/events`, {
    method: 'POST',
    headers: { 'X-API-Key': key, 'Content-Type': 'application/json', Expect: '100-continue' },
  })
  onTestFinished(() => {
    upload.destroy()
  })
  upload.on('error', () => undefined)
  upload.flushHeaders()
  await once(upload, 'continue')
  upload.write('{')
  return upload
}
