import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import type { Data } from '../model/data.js';
import { SeatbeltError } from '../model/errors.js';

/*
 * A value on disk:
 *   byte 0      MAGIC
 *   byte 1      format of the payload; 1 is MessagePack
 *   bytes 2, 3  schema version, big-endian: what the payload means
 *   bytes 4-7   CRC-32 of bytes 0-3 and the payload, big-endian
 *   bytes 8-    payload
 * The first eight bytes keep their meaning in every format, so that a later version's value is told from a damaged one.
 */
const MAGIC = 0xb5;
const FORMAT = 1;
const HEADER_BYTES = 8;
const MAX_SCHEMA = 0xffff;

// With records, msgpackr keeps tables of object shapes: equal objects would be encoded differently, and a lost table would make all of them
// unreadable. With its default map size, an object of more than 65 535 keys is refused.
const packr = new Packr({ useRecords: false, variableMapSize: true });

export interface DecodedValue {
  readonly schema: number;
  readonly value: Data;
}

/**
 * Bytes that describe themselves. Equal values with the same order of keys give the same bytes; minus zero becomes zero.
 * @param schema 0 to 65 535: the version of the value's shape, given back by {@link decodeValue}
 */
export function encodeValue(schema: number, value: Data): Uint8Array {
  if (!Number.isInteger(schema) || schema < 0 || schema > MAX_SCHEMA) throw new SeatbeltError('INTERNAL', `schema version ${schema} is out of range`);
  const payload = packr.pack(value);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUInt8(MAGIC, 0);
  bytes.writeUInt8(FORMAT, 1);
  bytes.writeUInt16BE(schema, 2);
  bytes.set(payload, HEADER_BYTES);
  bytes.writeUInt32BE(checksum(bytes), 4);
  return bytes;
}

/**
 * @param key where the bytes were found, for the error message
 * @throws SeatbeltError `STORE_CORRUPT` the bytes are damaged, or nothing that we wrote
 * @throws SeatbeltError `STORE_VERSION` a later version of this program wrote them
 */
export function decodeValue(key: string, bytes: Uint8Array): DecodedValue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length <= HEADER_BYTES) throw corrupt(key, `${buffer.length} bytes are too few for a value`);
  if (buffer.readUInt8(0) !== MAGIC) throw corrupt(key, 'it does not begin like a value of ours');
  if (buffer.readUInt32BE(4) !== checksum(buffer)) throw corrupt(key, 'its checksum is wrong');
  const format = buffer.readUInt8(1);
  if (format !== FORMAT) {
    throw new SeatbeltError('STORE_VERSION', `${key}: the value has format ${format}, this program reads format ${FORMAT}`);
  }
  try {
    return { schema: buffer.readUInt16BE(2), value: packr.unpack(buffer.subarray(HEADER_BYTES)) as Data };
  } catch (cause) {
    throw corrupt(key, 'its checksum is right, but its content cannot be decoded', cause);
  }
}

/** The checksum that an encoded value carries, whether right or not; 0 if the bytes are too few to carry one. */
export function carriedChecksum(bytes: Uint8Array): number {
  return bytes.length < HEADER_BYTES ? 0 : Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES).readUInt32BE(4);
}

function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, 4)));
}

function corrupt(key: string, what: string, cause?: unknown): SeatbeltError {
  return new SeatbeltError('STORE_CORRUPT', `${key}: the value is damaged: ${what}`, { cause });
}
