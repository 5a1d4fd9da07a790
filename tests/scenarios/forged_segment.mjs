// A forger with access to the hub's disk, for tests: changes one stored value in a Parquet segment and makes every
// checksum fit again, so that only the values themselves can tell. All other columns keep their bytes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CompactReader, field, type, withFields, writeStruct } from './thrift_compact.mjs';
import { rowsOf } from './stored_rows.mjs';

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});
const crc32c = (bytes, before = 0) => {
  let crc = ~before;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
};

/** One data page, plain and uncompressed, of a nullable column of doubles. */
const pageOf = (values) => {
  const levels = [];
  // Runs of the RLE/bit-packed hybrid: twice the length as varint, then the level.
  for (let at = 0; at < values.length;) {
    const is_there = values[at] !== null;
    let end = at;
    while (end < values.length && (values[end] !== null) === is_there) ++end;
    let head = 2 * (end - at);
    for (; head >= 0x80; head = Math.floor(head / 128)) levels.push((head & 0x7f) | 0x80);
    levels.push(head, Number(is_there));
    at = end;
  }
  const there = values.filter((value) => value !== null);
  const body = Buffer.alloc(4 + levels.length + 8 * there.length);
  body.writeUInt32LE(levels.length, 0);
  body.set(levels, 4);
  there.forEach((value, i) => body.writeDoubleLE(value, 4 + levels.length + 8 * i));
  const [plain, rle] = [0, 3];
  const header = writeStruct([[1, type.i32, 0], [2, type.i32, body.length], [3, type.i32, body.length],
    [5, type.struct, [[1, type.i32, values.length], [2, type.i32, plain], [3, type.i32, rle], [4, type.i32, rle]]]]);
  return Buffer.concat([Buffer.from(header), body]);
};

/** The file with the column `f64` written anew behind its other columns. */
const withColumn = (file, values) => {
  const footer_size = file.readUInt32LE(file.length - 8);
  const footer_at = file.length - 8 - footer_size;
  const footer = new CompactReader(file.subarray(footer_at)).struct();
  const groups = field(footer, 4);
  if (groups.items.length !== 1) throw new Error('a segment of more than one row group');
  const columns = field(groups.items[0], 1);
  const page = pageOf(values);
  columns.items = columns.items.map((column) => {
    const about = field(column, 3);
    if (Buffer.from(field(about, 3).items[0]).toString() !== 'f64') return column;
    const gone = 0;
    return withFields(column, [[3, type.struct, withFields(about, [
      [2, type.list, { kind: type.i32, items: [0, 3] }],   // encodings: plain, RLE levels
      [4, type.i32, 0],                                    // uncompressed
      [6, type.i64, page.length], [7, type.i64, page.length],
      [9, type.i64, footer_at],
      [11, gone], [13, gone], [14, gone], [15, gone],      // dictionary, encoding statistics, Bloom filter
    ])]]);
  });
  const written = Buffer.from(writeStruct(footer));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(written.length);
  return Buffer.concat([file.subarray(0, footer_at), page, written, size, Buffer.from('PAR1')]);
};

const varintAt = (bytes, at) => {
  let end = at;
  while (bytes[end] >= 0x80) ++end;
  return end + 1;
};
const varint = (value) => {
  const out = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) out.push((value & 0x7f) | 0x80);
  return [...out, value];
};

/** The manifest with another size and checksum of a segment, and with the checksums of the frames that say so. */
const withRecord = (manifest, path, segment) => {
  const salt = manifest.readUInt32LE(8);
  const [header_size, frame_header_size] = [32, 24];
  const out = [manifest.subarray(0, header_size)];
  let changed = 0;
  for (let at = header_size; at < manifest.length;) {
    const head = Buffer.from(manifest.subarray(at, at + frame_header_size));
    let payload = manifest.subarray(at + frame_header_size, at + frame_header_size + head.readUInt32LE(4));
    at += frame_header_size + payload.length;
    const named = payload.indexOf(path);
    if (head.readUInt32LE(12) === 5 && named >= 0) {
      let field_at = named + path.length;
      for (let n = 0; n < 7; ++n) field_at = varintAt(payload, field_at);  // site, day, rows, times, series
      const crc = Buffer.alloc(4);
      crc.writeUInt32LE(crc32c(segment));
      payload = Buffer.concat([payload.subarray(0, field_at), Buffer.from(varint(segment.length)), crc,
        payload.subarray(varintAt(payload, field_at) + 4)]);
      head.writeUInt32LE(payload.length, 4);
      head.writeUInt32LE(crc32c(payload, salt), 16);
      head.writeUInt32LE(crc32c(head.subarray(0, 20), salt), 20);
      ++changed;
    }
    out.push(head, payload);
  }
  // The manifest holds each record twice.
  if (changed !== 2) throw new Error(`${changed} records of ${path} in the manifest, expected two copies`);
  return Buffer.concat(out);
};

/** Gives the one row of a segment that `is_it` takes another value, in the data folder of a hub that is not running. */
export const forgeValue = async (hub, path, is_it, value) => {
  const rows = await rowsOf(path);
  if (rows.filter(is_it).length !== 1) throw new Error(`${rows.filter(is_it).length} rows of ${path} are meant`);
  const segment = withColumn(readFileSync(path), rows.map((row) => (is_it(row) ? value : row.f64 ?? null)));
  const manifest = join(hub, 'historian', 'manifest');
  const named = relative(join(hub, 'historian'), path);
  writeFileSync(manifest, withRecord(readFileSync(manifest), named, segment));
  writeFileSync(path, segment);
};
