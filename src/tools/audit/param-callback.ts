import type { LayerPattern } from './layer-pattern.ts'
import type { RouterLike } from './router-stack.ts'

/**
 * The name of the parameter whose callback (`router.param`) runs before a layer of the router, if one does.
 */
export function paramCallbackFor(
  { params }: RouterLike,
  { layer, matchesEverything, alternatives }: LayerPattern,
): string | undefined {
  const names = Object.keys(params ?? {})
  if (names.length === 0 || matchesEverything) return undefined
  if (layer.regexp !== undefined) {
    return layer.keys?.map(({ name }) => String(name)).find((key) => names.includes(key))
  }
  const isReadable = alternatives.every(({ variants }) => variants !== undefined)
  // The parameters of a path that cannot be read are unknown: any callback may be for one of them.
  if (!isReadable) return names[0]
  return names.find((name) =>
    alternatives.some(({ displayPath }) =>
      new RegExp(`[:*]${quoteForRegexp(name)}(?![\\w$])`).test(displayPath),
    ),
  )
}

function quoteForRegexp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
