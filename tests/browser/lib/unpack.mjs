// What browsers pack, unpacked: mozLz4 files, leveldb tables, and gzip, zlib and brotli wherever they begin.
import { brotliDecompressSync, constants, inflateRawSync, inflateSync } from "node:zlib";
import lz4 from "lz4js";
import snappy from "snappyjs";

const MOZ_LZ4 = Buffer.from("mozLz40\0", "latin1");
const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const ZLIB = [0x01, 0x5e, 0x9c, 0xda].map((level) => Buffer.from([0x78, level]));
const TABLE_END = Buffer.from([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
/** Bytes of leveldb's footer. */
const FOOTER = 48;
/** Bytes that one packed thing may unpack to. */
const MOST = 64 << 20;

/** A file's bytes, then everything packed that is found in them. */
export function* unpacked(bytes) {
  yield bytes;
  if (bytes.subarray(0, MOZ_LZ4.length).equals(MOZ_LZ4)) yield mozLz4(bytes);
  if (bytes.subarray(-TABLE_END.length).equals(TABLE_END)) yield* table(bytes);
  for (const start of places(bytes, GZIP)) yield* attempt(() => inflateRawSync(bytes.subarray(afterGzipHead(bytes, start)), SOFT));
  for (const head of ZLIB) for (const start of places(bytes, head)) yield* attempt(() => inflateSync(bytes.subarray(start), SOFT));
  if (bytes.length > 0 && bytes.length < MOST) yield* attempt(() => brotliDecompressSync(bytes, { maxOutputLength: MOST }));
}

const SOFT = { maxOutputLength: MOST, finishFlush: constants.Z_SYNC_FLUSH };

/** Where the packed bytes begin; what follows them is of no interest, unlike to a whole gunzip. */
function afterGzipHead(bytes, start) {
  const flags = bytes[start + 3];
  let at = start + 10;
  if (flags & 4) at += 2 + bytes.readUInt16LE(at);
  for (const text of [8, 16]) if (flags & text) at = bytes.indexOf(0, at) + 1;
  return flags & 2 ? at + 2 : at;
}

function* places(bytes, mark) {
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) yield at;
}

/** What cannot be unpacked was no packed thing. */
function* attempt(unpack) {
  try {
    yield unpack();
  } catch {
    // Two or three bytes look like a beginning by chance all the time.
  }
}

/** Eight bytes of name, the length, one block. A broken one is an error: it is what we came for. */
export function mozLz4(bytes) {
  const length = bytes.readUInt32LE(MOZ_LZ4.length);
  const out = new Uint8Array(length);
  const start = MOZ_LZ4.length + 4;
  const written = lz4.decompressBlock(bytes, out, start, bytes.length - start, 0);
  if (written !== length) throw new Error(`a mozLz4 file gave ${written} of ${length} bytes`);
  return Buffer.from(out);
}

/** Every block of a leveldb table, by its index. */
function* table(bytes) {
  const footer = bytes.subarray(-FOOTER);
  const [, , indexAt, indexLength] = numbers(footer, 4);
  const index = block(bytes, indexAt, indexLength);
  for (const handle of values(index)) {
    const [at, length] = numbers(handle, 2);
    yield block(bytes, at, length);
  }
}

/** A block and the byte after it, which says how it is packed. */
function block(bytes, at, length) {
  const packed = bytes.subarray(at, at + length);
  return bytes[at + length] === 1 ? Buffer.from(snappy.uncompress(packed)) : packed;
}

/** The values of a block: each entry has the lengths of the shared and own part of its key and of its value. */
function* values(block) {
  const end = block.length - 4 - 4 * block.readUInt32LE(block.length - 4);
  for (let at = 0; at < end; ) {
    const [, own, length, used] = numbersAndUsed(block.subarray(at), 3);
    const start = at + used + own;
    yield block.subarray(start, start + length);
    at = start + length;
  }
}

const numbers = (bytes, count) => numbersAndUsed(bytes, count).slice(0, count);

/** Numbers of seven bits a byte, and how many bytes they took. */
function numbersAndUsed(bytes, count) {
  const found = [];
  let at = 0;
  while (found.length < count) {
    let [number, shift] = [0, 1];
    for (;;) {
      const byte = bytes[at++];
      number += (byte & 0x7f) * shift;
      shift *= 128;
      if (byte < 0x80) break;
    }
    found.push(number);
  }
  return [...found, at];
}
