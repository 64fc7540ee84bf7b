/** Numbers of row images as the servers print them. */
import { digitsLength } from './valueLength.ts'

export function printBits(b: Buffer, start: number, end: number): string {
  return String(BigInt(`0x${b.toString('hex', start, end)}`))
}

/** FLOAT (4 bytes), which servers print with six digits, and DOUBLE, with as many as it takes (mysql-server, strings/dtoa.cc, my_gcvt). */
export function printReal(b: Buffer, start: number, end: number): string {
  const isFloat = end - start === 4
  const value = isFloat ? b.readFloatLE(start) : b.readDoubleLE(start)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = ''] = (isFloat ? value.toExponential(5) : value.toExponential()).split('e')
  const sign = value < 0 ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '')
  const exponent = Number(exponentText)
  // How far the point stands behind the first digit.
  if (exponent > 14 || exponent < -15) {
    const rest = digits.slice(1)
    return `${sign}${digits.slice(0, 1)}${rest === '' ? '' : `.${rest}`}e${exponent}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const rest = digits.slice(exponent + 1)
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`
}

/** Packed decimal, big-endian; the first bit is set unless it is negative, and then all bits are turned. */
export function printDecimal(b: Buffer, start: number, precision: number, scale: number): string {
  const whole = precision - scale
  const wholeLength = digitsLength(whole)
  const bytes = Buffer.from(b.subarray(start, start + wholeLength + digitsLength(scale)))
  const isNegative = (bytes.readUInt8(0) & 0x80) === 0
  bytes.writeUInt8(bytes.readUInt8(0) ^ 0x80, 0)
  if (isNegative) for (let i = 0; i < bytes.length; i++) bytes.writeUInt8(bytes.readUInt8(i) ^ 0xff, i)
  const digits = groups(bytes, 0, [whole % 9, ...nines(whole)])
  const fraction = groups(bytes, wholeLength, [...nines(scale), scale % 9])
  return `${isNegative ? '-' : ''}${digits.replace(/^0+(?=.)/, '') || '0'}${scale === 0 ? '' : `.${fraction}`}`
}

function nines(digits: number): readonly number[] {
  return Array.from({ length: Math.floor(digits / 9) }, () => 9)
}

function groups(bytes: Buffer, from: number, lengths: readonly number[]): string {
  let at = from
  let text = ''
  for (const digits of lengths) {
    const length = digitsLength(digits)
    if (length > 0) text += String(bytes.readUIntBE(at, length)).padStart(digits, '0')
    at += length
  }
  return text
}
