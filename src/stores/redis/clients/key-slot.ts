const SLOTS = 16_384

/** CRC-16/XMODEM, one entry for each value of a byte. */
const TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021
  return crc
})

/**
 * The slot of a cluster that an ASCII key is in: of what stands in its first braces, where there is something, or else
 * of all of it. (Redis cluster specification, "Key distribution model" and "Hash tags".)
 */
export function keySlotOf(key: string): number {
  const text = /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key
  let crc = 0
  for (let at = 0; at < text.length; at++) {
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ text.charCodeAt(at)] ?? 0)
  }
  return crc % SLOTS
}
