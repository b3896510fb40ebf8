// Computes which slot of a cluster a key is in.
//
// Twin: Redis

const SLOT_COUNT = 16_384

/** CRC-16/XMODEM, one entry for each value of a byte. */
const CRC_TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021
  return crc
})

/**
 * The slot of an ASCII key in a cluster. It depends on the text in the first braces of the key. If there are
 * no braces or they are empty, it depends on the whole key. (Redis cluster specification, "Key distribution
 * model" and "Hash tags".)
 */
export function keySlotOf(key: string): number {
  const text = /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key
  let crc = 0
  for (let at = 0; at < text.length; at++) {
    crc = ((crc << 8) & 0xffff) ^ (CRC_TABLE[(crc >> 8) ^ text.charCodeAt(at)] ?? 0)
  }
  return crc % SLOT_COUNT
}
