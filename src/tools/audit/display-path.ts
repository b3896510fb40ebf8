import { type PathPattern, UNKNOWN_MOUNT } from './layer-pattern.ts'

/** The path of a route below a mount: `/api` and `/users` are `/api/users`; the root adds nothing. */
export function joinRoutePath(mountPath: string, { displayPath, isString }: PathPattern): string {
  if (displayPath === '/' || displayPath === '') return mountPath
  return isString || mountPath === '' ? mountPath + displayPath : `${mountPath}(${displayPath})`
}

/** The path of a mount below a mount. What was not given as a string is put in parentheses. */
export function joinMountPath(mountPath: string, path: PathPattern): string {
  if (path.isString) return joinRoutePath(mountPath, path).replace(/\/+$/, '')
  const isUnknown = path.displayPath === UNKNOWN_MOUNT
  return `${mountPath}${isUnknown ? UNKNOWN_MOUNT : `(${path.displayPath})`}`
}
