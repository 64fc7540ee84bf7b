/**
 * Zstandard in pieces and synchronously (Node's own gives the whole at once, or asynchronously): frame by frame and block by
 * block, so that no more than a block of 128 KiB and the window of the frame is held. Format: RFC 8878.
 */
import { Decompress } from 'fzstd'
import { u24, u32 } from './bytes.ts'

const MAGIC = 0xfd2f_b528
const SKIPPABLE = 0x184d_2a50
const RLE_BLOCK = 1

/** What compressors use up to level 20. A frame with more is refused: its window would be in memory as a whole. */
const MAX_WINDOW = 32 << 20

/**
 * Gives the bytes of all frames in bytes[from, end) to `push`, in order, a block at a step: whoever steps may wait in between. Throws where
 * they cannot be decompressed.
 */
export function* decompressZstd(bytes: Buffer, from: number, end: number, push: (chunk: Buffer) => void): Generator<void> {
  let at = from
  while (at < end) {
    const magic = u32(bytes, at)
    if ((magic & 0xffff_fff0) === SKIPPABLE) {
      at += 8 + u32(bytes, at + 4)
      continue
    }
    if (magic !== MAGIC) throw new Error('no zstd frame')
    at = yield* decompressFrame(bytes, at, end, push)
  }
  if (at > end) throw new Error('the last frame is cut')
}

function* decompressFrame(bytes: Buffer, from: number, end: number, push: (chunk: Buffer) => void): Generator<void, number> {
  const { blocksStart, window, checksumLength } = decodeFrameHeader(bytes, from)
  if (window > MAX_WINDOW) throw new Error(`a window of ${window} bytes`)
  const decompressor = new Decompress((chunk) => {
    if (chunk.length > 0) push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
  })
  let given = from
  let at = blocksStart
  for (let isLast = false; !isLast; given = at) {
    if (at + 3 > end) throw new Error('the frame is cut')
    const head = u24(bytes, at)
    isLast = (head & 1) === 1
    at += 3 + (((head >> 1) & 3) === RLE_BLOCK ? 1 : head >> 3) + (isLast ? checksumLength : 0)
    if (at > end) throw new Error('the frame is cut')
    decompressor.push(bytes.subarray(given, at), isLast)
    yield
  }
  return at
}

interface FrameHeader {
  readonly blocksStart: number
  /** Bytes that a block may refer back to. */
  readonly window: number
  readonly checksumLength: number
}

const DICTIONARY_ID_LENGTHS = [0, 1, 2, 4]

function decodeFrameHeader(bytes: Buffer, from: number): FrameHeader {
  const flags = bytes[from + 4] ?? 0
  const isSingleSegment = (flags & 0x20) !== 0
  const sizeFlag = flags >> 6
  const sizeLength = sizeFlag === 0 ? Number(isSingleSegment) : 1 << sizeFlag
  const sizeAt = from + 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_LENGTHS[flags & 3] ?? 0)
  const descriptor = bytes[from + 5] ?? 0
  const base = 2 ** (10 + (descriptor >> 3))
  return {
    blocksStart: sizeAt + sizeLength,
    window: isSingleSegment ? contentSize(bytes, sizeAt, sizeLength) : base + (base / 8) * (descriptor & 7),
    checksumLength: (flags & 4) === 0 ? 0 : 4,
  }
}

function contentSize(bytes: Buffer, at: number, length: number): number {
  if (length === 1) return bytes[at] ?? 0
  if (length === 2) return (u24(bytes, at) & 0xffff) + 256
  return u32(bytes, at) + (length === 8 ? u32(bytes, at + 4) * 0x1_0000_0000 : 0)
}
