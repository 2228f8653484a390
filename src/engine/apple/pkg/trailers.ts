import { bytes, layout, u16, u32 } from '../../bytes/layout.js';
import { equal } from '../../bytes/concat.js';
import { readBytes, type ByteSource } from '../../bytes/source.js';

/*
 * What stapler appends to a package, read from the end (Security, libsecurity_codesigning/lib/notarization.cpp).
 * Little-endian, unlike the rest:
 *
 *   heap | terminator trailer | ticket | ticket trailer
 */
const trailer = layout('a trailer of the package', {
  magic: bytes(4),
  version: u16,
  type: u16,
  length: u32,
  reserved: u32,
});

const MAGIC = Uint8Array.from(Buffer.from('t8lr'));
/** A chain of more is an attempt to keep a reader busy. */
const MAX_TRAILERS = 16;
const TYPE = { terminator: 1, ticket: 2 } as const;

export interface Trailers {
  /** Where in the file they begin. */
  readonly start: number;
  /** Bytes of the stapled ticket; undefined when they hold none. */
  readonly ticketSize: number | undefined;
}

/** The trailers at the end of a package, none before `from`; undefined when it has none that begin with a terminator. */
export async function readTrailers(source: ByteSource, from: number): Promise<Trailers | undefined> {
  let end = source.size;
  let ticketSize: number | undefined;
  for (let count = 0; count < MAX_TRAILERS && end - trailer.size >= from; count++) {
    const found = trailer.read(await readBytes(source, end - trailer.size, trailer.size), 0, 'little');
    if (!equal(found.magic, MAGIC)) return undefined;
    if (found.type === TYPE.terminator) return { start: end - trailer.size, ticketSize };
    if (found.type === TYPE.ticket) ticketSize ??= found.length;
    end -= trailer.size + found.length;
  }
  return undefined;
}
