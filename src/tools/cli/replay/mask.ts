/**
 * A client key without the part that tells customers apart: `203.0.113.7` becomes `203.0.113.x`, and
 * `2001:db8:1::/56` becomes `2001:db8:x`. Several clients can look alike then.
 */
export function maskClient(key: string): string {
  if (key.includes('.') && !key.includes(':')) return key.replace(/\.\d+$/, '.x')
  if (!key.includes(':')) return key
  const groups = key.split(':').filter((group) => group !== '')
  return `${groups.slice(0, 2).join(':')}:x`
}
