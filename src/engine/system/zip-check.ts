import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { readBytes, type ByteSource } from '../bytes/source.js';
import { systemCode } from './error.js';
import { withSource } from './files.js';
import type { ZipInput } from './zip-entries.js';
import { MADE_BY_UNIX, METHOD } from './zip-format.js';
import { malformed, readZip, type ZipEntry } from './zip-read.js';

const CHUNK = 1 << 20;
const MODE_OF_LINK = 0o120755;
const MODE_OF_FOLDER = 0o40755;
const REGULAR_FILE = 0o100000;

/**
 * Reads an archive back and checks that it holds exactly `expected`: names, kinds and modes, and that every byte
 * unpacks to what its checksum says. Memory use is constant. @throws SigningError `MALFORMED`
 */
export async function checkZip(path: string, expected: readonly ZipInput[]): Promise<void> {
  await withSource(path, async (source) => {
    const entries = await readZip(source);
    if (entries.length !== expected.length)
      throw malformed(`it has ${entries.length} entries, not ${expected.length}`);
    for (const [i, entry] of entries.entries()) {
      checkHeader(entry, expected[i]!);
      await checkData(entry);
    }
  });
}

function checkHeader(entry: ZipEntry, expected: ZipInput): void {
  if (entry.name !== expected.name) throw malformed(`it has ${entry.name} in the place of ${expected.name}`);
  if (entry.versionMadeBy >> 8 !== MADE_BY_UNIX || entry.mode !== modeOf(expected))
    throw malformed(`${entry.name} has the mode ${entry.mode.toString(8)}`);
}

function modeOf(expected: ZipInput): number {
  if (expected.kind === 'folder') return MODE_OF_FOLDER;
  return expected.kind === 'link' ? MODE_OF_LINK : REGULAR_FILE | expected.mode;
}

async function checkData(entry: ZipEntry): Promise<void> {
  const { crc, size } = await unpack(entry).catch((error: unknown) => {
    if (systemCode(error)?.startsWith('Z_') ?? false) throw malformed(`${entry.name} cannot be unpacked`);
    throw error;
  });
  if (crc !== entry.crc || size !== entry.size) throw malformed(`${entry.name} does not match its checksum`);
}

async function unpack({ name, method, data }: ZipEntry): Promise<Tally> {
  switch (method) {
    case METHOD.stored:
      return tally(chunks(data));
    case METHOD.deflated:
      return pipeline(chunks(data), createInflateRaw(), tally);
    default:
      throw malformed(`${name} is packed by method ${method}`);
  }
}

interface Tally {
  readonly crc: number;
  readonly size: number;
}

async function tally(unpacked: AsyncIterable<Uint8Array>): Promise<Tally> {
  let crc = 0;
  let size = 0;
  for await (const chunk of unpacked) {
    crc = crc32(chunk, crc);
    size += chunk.length;
  }
  return { crc, size };
}

async function* chunks(data: ByteSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.size; at += CHUNK) yield readBytes(data, at, Math.min(CHUNK, data.size - at));
}
