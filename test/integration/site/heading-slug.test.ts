import { describe, expect, it } from 'vitest'
import { headingSlug } from '../../../docs/.vitepress/heading-slug.ts'

describe('the fragment of a heading', () => {
  it.each([
    ['Behind a proxy', 'behind-a-proxy'],
    ['Where is ...?', 'where-is-'],
    ['invalid_option', 'invalid_option'],
    ['`trustProxy: 1`, and why', 'trustproxy-1-and-why'],
    ['TOLLGATE_STORE_FAILED', 'tollgate_store_failed'],
    ['In-flight  requests', 'in-flight--requests'],
  ])('of %j is the one of GitHub: %s', (heading, slug) => {
    expect(headingSlug(heading)).toBe(slug)
  })
})
