import type { AddressInfo } from 'node:net'
import { createApp } from './app.js'

const server = createApp().listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Serving on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
