/** Dates and times of row images as the servers print them. Layouts: mysql-server, mysys/my_time.cc. */
import { u24, u32, u64 } from './bytes.ts'

/** Year, month of four bits, day of five. */
export function printDate(b: Buffer, start: number): string {
  const packed = u24(b, start)
  return dateText(packed >> 9, (packed >> 5) & 15, packed & 31)
}

/** Before MySQL 5.6.4, and of columns from then: decimal digits. */
export function printTime(b: Buffer, start: number): string {
  const digits = b.readIntLE(start, 3)
  const size = Math.abs(digits)
  return `${digits < 0 ? '-' : ''}${clockText(Math.floor(size / 10_000), Math.floor(size / 100) % 100, size % 100)}`
}

export function printDatetime(b: Buffer, start: number): string {
  const digits = String(u64(b, start)).padStart(14, '0')
  return digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3 $4:$5:$6')
}

export function printTimestamp(b: Buffer, start: number): string {
  return epochText(u32(b, start))
}

/** Twice as many decimals as bytes, but for an odd number: then the last digit is 0, and not printed. */
export function printTime2(b: Buffer, start: number, decimals: number): string {
  const fractionBits = 8 * fractionLength(decimals)
  const offset = 2 ** (23 + fractionBits)
  const packed = b.readUIntBE(start, 3 + fractionBits / 8) - offset
  const size = Math.abs(packed)
  const whole = Math.floor(size / 2 ** fractionBits)
  const fraction = fractionText(size % 2 ** fractionBits, decimals)
  return `${packed < 0 ? '-' : ''}${clockText((whole >> 12) & 1023, (whole >> 6) & 63, whole & 63)}${fraction}`
}

export function printDatetime2(b: Buffer, start: number, decimals: number): string {
  const packed = b.readUIntBE(start, 5) - 0x80_0000_0000
  const clock = packed % 2 ** 17
  const day = Math.floor(packed / 2 ** 17)
  const months = day >> 5
  const date = dateText(Math.floor(months / 13), months % 13, day & 31)
  return `${date} ${clockText(clock >> 12, (clock >> 6) & 63, clock & 63)}${fractionAt(b, start + 5, decimals)}`
}

export function printTimestamp2(b: Buffer, start: number, decimals: number): string {
  return `${epochText(b.readUInt32BE(start))}${fractionAt(b, start + 4, decimals)}`
}

function epochText(seconds: number): string {
  if (seconds === 0) return '0000-00-00 00:00:00'
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
}

function fractionAt(b: Buffer, at: number, decimals: number): string {
  const length = fractionLength(decimals)
  return length === 0 ? '' : fractionText(b.readUIntBE(at, length), decimals)
}

function fractionLength(decimals: number): number {
  return (decimals + 1) >> 1
}

function fractionText(fraction: number, decimals: number): string {
  if (decimals === 0) return ''
  const digits = String(fraction).padStart(2 * fractionLength(decimals), '0')
  return `.${digits.slice(0, decimals)}`
}

function dateText(year: number, month: number, day: number): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
}

function clockText(hours: number, minutes: number, seconds: number): string {
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}`
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0')
}
