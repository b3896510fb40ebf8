import { describe, expect, it } from 'vitest'
import { readArguments, USAGE } from '../../../../examples/agentwatch/replay/arguments.ts'

describe('readArguments', () => {
  it('needs only a log', () => {
    const { logPath, url, speed } = readArguments(['access.log.gz'])
    expect([logPath, url.href, speed]).toEqual(['access.log.gz', 'http://127.0.0.1:3000/', 60])
  })

  it.each([
    ['http://localhost:8080', 'http://localhost:8080/'],
    ['http://[::1]:3000', 'http://[::1]:3000/'],
    ['http://127.9.9.9', 'http://127.9.9.9/'],
  ])('accepts the loopback URL %s', (given, href) => {
    expect(readArguments(['log', '--url', given]).url.href).toBe(href)
  })

  it.each([
    ['0.5', 0.5],
    ['3600', 3600],
    ['max', 'max'],
  ])('accepts the speed %s', (given, speed) => {
    expect(readArguments(['log', '--speed', given]).speed).toBe(speed)
  })

  it.each([
    'http://example.com',
    'http://192.168.1.1:3000',
    'https://127.0.0.1:3000',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    '127.0.0.1:3000',
    'x',
  ])('rejects the URL %s', (given) => {
    expect(() => readArguments(['log', '--url', given])).toThrow(
      `--url must be an http URL of this machine, got '${given}'. Try --url http://127.0.0.1:3000.`,
    )
  })

  it.each(['0', '-1', 'fast', '', '1e3', 'Infinity'])('rejects the speed %j', (given) => {
    expect(() => readArguments(['log', `--speed=${given}`])).toThrow(
      `--speed must be a number above 0, or max, got '${given}'. Try --speed 60: it plays a minute in a second.`,
    )
  })

  it('shows the usage in errors', () => {
    expect(() => readArguments([])).toThrow(`The access log is missing. Usage: ${USAGE}`)
    expect(() => readArguments(['a', 'b', 'c'])).toThrow(
      `Give one log only, got also 'b', 'c'. Usage: ${USAGE}`,
    )
    expect(() => readArguments(['a', '--sped', '5'])).toThrow(
      /^Unknown option '--sped'.* Usage: npm run replay -- /,
    )
  })
})
