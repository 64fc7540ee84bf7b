/**
 * The CRC32s of many events with one call to zlib, which is fast on megabytes and slow to call. Every event ends with the CRC32 of what
 * is before it, so that the CRC32 of the whole event is the same for each that is right; and CRC32 is linear, so that the one of a run of
 * right events follows from their lengths alone:
 *
 *   crc(a + b) = shift(crc(a), length of b) XOR crc(b)        (zlib, crc32_combine)
 *
 * where shift multiplies by x^(8 * length) modulo the polynomial. One wrong event makes the run wrong, always; several cancel each other
 * out as rarely as a CRC32 fails by itself.
 */
import { crc32 } from 'node:zlib'
import { AT_SIZE, AT_TYPE, CHECKSUM_LENGTH, EventType, HEADER_LENGTH } from './layout.ts'

/** Below this many bytes there is nothing to gain. */
export const LEAST_RUN: number = 1 << 16
/** CRC32 of anything that ends with its own CRC32. */
const RESIDUE = 0x2144_df1c
const POLYNOMIAL = 0xedb8_8320
/** Lengths below 2^31. */
const BITS = 31

/** Tables that multiply by x^(8 * 2^bit), by the four bytes of the number. */
type ShiftTables = readonly Int32Array[]

/** A constant, made when it is first needed: that takes some milliseconds. */
let tables: ShiftTables | null = null

/**
 * The end of the run of whole events with right checksums that starts at `from`, with a view of the same bytes. Equals `from` when the
 * run, which ends before a FORMAT_DESCRIPTION (its flag may be flipped) or an event that cannot be framed, is wrong somewhere.
 */
export function checkedRun(bytes: Buffer, view: DataView, from: number, to: number): number {
  const shifts = (tables ??= makeTables())
  let at = from
  let crc = 0
  while (at + HEADER_LENGTH <= to) {
    const size = view.getUint32(at + AT_SIZE, true)
    if (size < HEADER_LENGTH + CHECKSUM_LENGTH || at + size > to || view.getUint8(at + AT_TYPE) === EventType.FORMAT_DESCRIPTION)
      break
    crc = shift(shifts, crc, size) ^ RESIDUE
    at += size
  }
  return at > from && crc32(bytes.subarray(from, at)) === crc >>> 0 ? at : from
}

function shift(shifts: ShiftTables, crc: number, length: number): number {
  let shifted = crc
  for (let bit = 0, left = length; left !== 0; bit++, left >>>= 1) {
    if ((left & 1) === 0) continue
    const table = shifts[bit]
    if (table === undefined) break
    shifted =
      (table[shifted & 0xff] ?? 0) ^
      (table[0x100 | ((shifted >>> 8) & 0xff)] ?? 0) ^
      (table[0x200 | ((shifted >>> 16) & 0xff)] ?? 0) ^
      (table[0x300 | (shifted >>> 24)] ?? 0)
  }
  return shifted
}

function makeTables(): ShiftTables {
  const made: Int32Array[] = []
  // x^8, as bits are reversed here: x^0 is the topmost.
  let factor = 1 << 23
  for (let bit = 0; bit < BITS; bit++) {
    const table = new Int32Array(0x400)
    for (let byte = 0; byte < 4; byte++) {
      for (let value = 0; value < 0x100; value++) table[(byte << 8) | value] = multiply(factor, value << (8 * byte))
    }
    made.push(table)
    factor = multiply(factor, factor)
  }
  return made
}

/** Modulo the polynomial, over GF(2), bits reversed (zlib, multmodp). */
function multiply(a: number, b: number): number {
  let product = 0
  let power = b
  for (let mask = 1 << 31; mask !== 0; mask >>>= 1) {
    if ((a & mask) !== 0) product ^= power
    power = (power & 1) === 0 ? power >>> 1 : (power >>> 1) ^ POLYNOMIAL
  }
  return product
}
