/** The code of an error of the file system, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
