/**
 * Reading numbers at offsets, all little-endian. The caller has checked the bounds of the event once. Reads beyond the
 * buffer give zeros or garbage, never a throw; the scan's hot path reads from a view instead, which is faster and does throw.
 */

/** The same bytes, for reading a number with one check instead of one for each byte. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function u16(b: Uint8Array, at: number): number {
  return (b[at] ?? 0) | ((b[at + 1] ?? 0) << 8)
}

export function u24(b: Uint8Array, at: number): number {
  return u16(b, at) | ((b[at + 2] ?? 0) << 16)
}

export function u32(b: Uint8Array, at: number): number {
  return (u24(b, at) | ((b[at + 3] ?? 0) << 24)) >>> 0
}

/** Six bytes, as table ids have. Exact. */
export function u48(b: Uint8Array, at: number): number {
  return u32(b, at) + u16(b, at + 4) * 0x1_0000_0000
}

/** Seven bytes as a number: exact up to 2^53; the top bits of a larger value are rounded, so mask flag bits first. */
export function u56(b: Uint8Array, at: number): number {
  return u32(b, at) + u24(b, at + 4) * 0x1_0000_0000
}

/** Eight bytes as a number: exact up to 2^53, which no position and no transaction number of a real log exceeds. */
export function u64(b: Uint8Array, at: number): number {
  return u32(b, at) + u32(b, at + 4) * 0x1_0000_0000
}

/** A cursor's result: the value, and where the next field starts. */
export interface Read<T> {
  readonly value: T
  readonly next: number
}

/** MySQL's length-encoded integer: 1, 3, 4 or 9 bytes. */
export function lengthEncoded(b: Uint8Array, at: number): Read<number> {
  const first = b[at] ?? 0
  if (first < 0xfb) return { value: first, next: at + 1 }
  if (first === 0xfc) return { value: u16(b, at + 1), next: at + 3 }
  if (first === 0xfd) return { value: u24(b, at + 1), next: at + 4 }
  return { value: u64(b, at + 1), next: at + 9 }
}

export function text(b: Buffer, from: number, to: number): string {
  return b.toString('utf8', from, to)
}

/** Text up to the first NUL. */
export function zeroTerminated(b: Buffer, from: number, to: number): string {
  const zero = b.indexOf(0, from)
  return text(b, from, zero === -1 || zero > to ? to : zero)
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Sixteen bytes as a UUID. */
export function uuid(b: Uint8Array, at: number): string {
  let out = ''
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) out += '-'
    out += hex[b[at + i] ?? 0]
  }
  return out
}
