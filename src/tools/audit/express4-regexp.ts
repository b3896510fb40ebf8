/** What path-to-regexp 0.1 puts at the end of a mount. */
const MOUNT_END = '\\/?(?=\\/|$)'

/** One segment as path-to-regexp 0.1.7 and 0.1.8 to 0.1.13 write it: a parameter, a wildcard, or text. */
const SEGMENT =
  /\\\/\(\?:\(\[\^\\\/\]\+\?\)\)|\(\?:\\\/\(\[\^\\?\/\]\+\?\)\)|\\\/\(\.\*\)|\\\/((?:[\w\-~!@,;=&'%]|\\\.)+)/y

/**
 * The paths of an Express 4 mount, read back from its regular expression, because Express 4 keeps nothing
 * else of them. The answer is exact: undefined for every expression that these paths would not have been
 * compiled to.
 */
export function mountsFromRegexp(
  regexp: RegExp,
  keys: readonly { readonly name: string | number }[],
): readonly string[] | undefined {
  if (/[gymsuv]/.test(regexp.flags)) return undefined
  const names = keys.map((key) => key.name)
  const paths: string[] = []
  for (const alternative of alternatives(regexp.source)) {
    const path = readMount(alternative, names)
    if (path === undefined) return undefined
    paths.push(path)
  }
  return paths
}

function alternatives(source: string): readonly string[] {
  // 0.1.7 puts the alternatives of an array in a group, later versions join them without one.
  const inner = source.startsWith('(?:^') && source.endsWith(')') ? source.slice(3, -1) : source
  return inner.split('|^').map((part, index) => (index === 0 ? part : `^${part}`))
}

/** Takes the names of the parameters that it reads off the front of `names`. */
function readMount(source: string, names: (string | number)[]): string | undefined {
  if (!source.startsWith('^') || !source.endsWith(MOUNT_END)) return undefined
  const body = source.slice(1, -MOUNT_END.length)
  let path = ''
  SEGMENT.lastIndex = 0
  while (SEGMENT.lastIndex < body.length) {
    const found = SEGMENT.exec(body)
    if (found === null) return undefined
    path += `/${readSegment(found[0], found[1], names)}`
  }
  return path === '' ? '/' : path
}

function readSegment(source: string, text: string | undefined, names: (string | number)[]): string {
  if (text !== undefined) return text.replaceAll('\\.', '.')
  const name = names.shift()
  return source.includes('.*') ? '*' : `:${name ?? 'param'}`
}
