import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultRules } from '../src/engine/apple/bundle/rules.js';
import { koly } from '../src/engine/apple/dmg/koly.js';
import {
  buildVersion,
  fatArch,
  fatHeader,
  linkeditData,
  machHeader,
  segment32,
  segment64,
} from '../src/engine/apple/macho/layout.js';
import { xarHeader } from '../src/engine/apple/pkg/header.js';
import { readTrailers } from '../src/engine/apple/pkg/trailers.js';
import { blobHeader } from '../src/engine/apple/signature/blob.js';
import { ATTRIBUTE } from '../src/engine/apple/signature/cms-signature.js';
import { encodeCodeDirectory, type NewCodeDirectory } from '../src/engine/apple/signature/code-directory.js';
import { HASH_TYPES } from '../src/engine/apple/signature/hash-type.js';
import { CODE_FLAG, SLOT } from '../src/engine/apple/signature/magic.js';
import { encodeRequirement } from '../src/engine/apple/signature/requirement-blob.js';
import { MATCH_CODES, REQUIREMENT_CODES } from '../src/engine/apple/signature/requirement-codes.js';
import { compileRequirement } from '../src/engine/apple/signature/requirement-compile.js';
import { encodeSuperBlob } from '../src/engine/apple/signature/super-blob.js';
import { sourceOf } from '../src/engine/bytes/source.js';
import { OID } from '../src/engine/crypto/oids.js';
import { entryOf, isPlistDict, Real, type PlistValue } from '../src/engine/system/plist/value.js';
import { tableBelow, withoutQuotes, type Row } from './markdown-table.js';

function page(name: string): string {
  return readFileSync(join(__dirname, '../docs/formats', `${name}.md`), 'utf8');
}

/** The fields of a structure as the page draws them: one after the other, without a gap. */
function fieldsOf(
  name: string,
  structure: string,
): { name: string; offset: number; size: number; row: Row }[] {
  const fields = tableBelow(page(name), `### ${structure}`).map((row) => ({
    name: withoutQuotes(row.field!),
    offset: Number(row.offset),
    size: Number(row.size),
    row,
  }));
  let end = 0;
  for (const { offset, size } of fields) {
    expect(offset).toBe(end);
    end += size;
  }
  return fields;
}

function numberAt(data: Uint8Array, { offset, size }: { offset: number; size: number }): number {
  return Number(BigInt(`0x${Buffer.from(data.subarray(offset, offset + size)).toString('hex')}`));
}

describe('a structure is drawn with the offsets that our code has', () => {
  it.each([
    ['macho', 'mach_header', machHeader],
    ['macho', 'linkedit_data_command', linkeditData],
    ['macho', 'segment_command_64', segment64],
    ['macho', 'segment_command', segment32],
    ['macho', 'build_version_command', buildVersion],
    ['universal', 'fat_header', fatHeader],
    ['universal', 'fat_arch', fatArch],
    ['super-blob', 'blob', blobHeader],
    ['dmg', 'koly', koly],
    ['pkg', 'xar_header', xarHeader],
  ])('%s: %s', (name, structure, layout) => {
    const fields = fieldsOf(name, structure);
    const offsetOf = (field: string) =>
      (layout as { offsetOf(name: string): number | undefined }).offsetOf(field);
    expect(fields.map((field) => offsetOf(field.name))).toEqual(fields.map(({ offset }) => offset));
    expect(fields.reduce((sum, { size }) => sum + size, 0)).toBe(layout.size);
  });

  it('super-blob: SuperBlob and BlobIndex', () => {
    const blob = encodeSuperBlob([{ slot: 5, blob: new Uint8Array(8) }], 0xfade0cc0);
    const [magic, length, count] = fieldsOf('super-blob', 'SuperBlob');
    expect([magic, length, count].map((field) => numberAt(blob, field!))).toEqual([0xfade0cc0, 28, 1]);
    const entry = blob.subarray(count!.offset + count!.size);
    expect(fieldsOf('super-blob', 'BlobIndex').map((field) => numberAt(entry, field))).toEqual([5, 20]);
  });

  it('requirements: requirement', () => {
    const blob = encodeRequirement(compileRequirement('always'));
    expect(fieldsOf('requirements', 'requirement').map((field) => numberAt(blob, field))).toEqual([
      0xfade0c00,
      blob.length,
      1,
    ]);
    expect(page('requirements')).toContain('├──────────────────────────────┤◀─┘\n        │ requirement');
  });

  it('pkg: trailer', async () => {
    const fields = Object.fromEntries(fieldsOf('pkg', 'trailer').map((field) => [field.name, field.offset]));
    const trailer = (type: number, length: number) => {
      const data = new Uint8Array(16);
      data.set(Buffer.from('t8lr'), fields.magic);
      const view = new DataView(data.buffer);
      view.setUint16(fields.version!, 1, true);
      view.setUint16(fields.type!, type, true);
      view.setUint32(fields.length!, length, true);
      return data;
    };
    const ticket = Uint8Array.of(1, 2, 3);
    const file = Buffer.concat([trailer(1, 0), ticket, trailer(2, ticket.length)]);
    expect(await readTrailers(sourceOf(file), 0)).toEqual({ start: 0, ticketSize: ticket.length });
  });
});

/** Every field has another value, so that none can be taken for another one. */
const DIRECTORY: NewCodeDirectory = {
  flags: 0x10203,
  identifier: 'com.example',
  teamId: 'ABCDE12345',
  hashType: HASH_TYPES.sha256,
  pageSize: 4096,
  codeLimit: 0x3001,
  platform: 5,
  execSegment: { base: 0x11, limit: 0x22, flags: 0x33 },
  runtimeVersion: 0xd0300,
  specialSlots: new Map([[2, new Uint8Array(32).fill(1)]]),
  codeSlots: new Uint8Array(4 * 32),
};

describe('the CodeDirectory is drawn as we write it', () => {
  const read = (directory: NewCodeDirectory) => {
    const blob = encodeCodeDirectory(directory);
    const fields = fieldsOf('code-directory', 'CodeDirectory');
    return { blob, values: Object.fromEntries(fields.map((field) => [field.name, numberAt(blob, field)])) };
  };

  it('in its newest version, field by field', () => {
    const { blob, values } = read(DIRECTORY);
    const strings = 96 + 'com.example\0'.length;
    expect(values).toEqual({
      ...{ magic: 0xfade0c02, length: blob.length, version: 0x20500, flags: 0x10203 },
      ...{ hashOffset: blob.length - 4 * 32, identOffset: 96, specialSlotCount: 2, codeSlotCount: 4 },
      ...{ codeLimit: 0x3001, hashSize: 32, hashType: 2, platform: 5, pageSizeLog2: 12, spare2: 0 },
      ...{ scatterOffset: 0, teamOffset: strings, spare3: 0, codeLimit64: 0 },
      ...{ execSegmentBase: 0x11, execSegmentLimit: 0x22, execSegmentFlags: 0x33 },
      ...{ runtimeVersion: 0xd0300, preEncryptOffset: 0 },
    });
    // Special slots are counted backwards from the pages' hashes.
    expect(blob.subarray(values.hashOffset! - 2 * 32, values.hashOffset! - 32)).toEqual(
      new Uint8Array(32).fill(1),
    );
  });

  it('beyond 4 GiB', () => {
    const { values } = read({ ...DIRECTORY, codeLimit: 0x1_0000_0001 });
    expect(values).toMatchObject({ codeLimit: 0xffffffff, codeLimit64: 0x1_0000_0001 });
  });

  const older: Partial<NewCodeDirectory> = { runtimeVersion: 0 };
  it.each([
    ['2.5', 0x20500, {}],
    ['2.4', 0x20400, older],
    ['2.3', 0x20300, { ...older, execSegment: undefined, codeLimit: 0x1_0000_0000 }],
    ['2.2', 0x20200, { ...older, execSegment: undefined }],
    ['2.1', 0x20100, { ...older, execSegment: undefined, teamId: undefined }],
  ])('in version %s, with its own fields and no newer ones', (_, version, change) => {
    const { values } = read({ ...DIRECTORY, ...change });
    expect(values.version).toBe(version);
    const own = fieldsOf('code-directory', 'CodeDirectory').filter(({ row }) => Number(row.since) <= version);
    expect(values.identOffset).toBe(own.reduce((sum, { size }) => sum + size, 0));
  });
});

describe('a table of numbers is the one in our code', () => {
  const numbers = (name: string, heading: string, column: string) =>
    Object.fromEntries(
      tableBelow(page(name), heading).map((row) => [withoutQuotes(row['`name`']!), Number(row[column])]),
    );

  it.each([
    ['slots', 'super-blob', '## Slots', 'slot', SLOT],
    ['flags', 'code-directory', '### Flags', 'bit', CODE_FLAG],
    ['operators', 'requirements', '## Expressions', 'code', REQUIREMENT_CODES],
    ['matches', 'requirements', '### Matches', 'match', MATCH_CODES],
  ] as const)('%s', (_, name, heading, column, table) => {
    expect(numbers(name, heading, column)).toEqual({ ...table });
  });
});

describe('the page on requirements', () => {
  it('shows the bytes of its example', () => {
    const [, block] = /(00000006 +and\n[\s\S]*?)```/.exec(page('requirements')) ?? [];
    const drawn = (block!.match(/\b[0-9a-f]{8}\b/g) ?? []).join('');
    const bytes = encodeRequirement(compileRequirement('identifier "com.example" and anchor apple generic'));
    expect(drawn).toBe(Buffer.from(bytes.subarray(12)).toString('hex'));
  });
});

describe('the page on CMS', () => {
  it('names the attributes that we write', () => {
    const oids = (heading: string) => tableBelow(page('cms'), heading).map((row) => row['`OID`']);
    const { contentType, signingTime, messageDigest } = OID;
    expect(oids('## Signed attributes').sort()).toEqual(
      [contentType, signingTime, messageDigest, ATTRIBUTE.cdhashes, ATTRIBUTE.cdhashes2].sort(),
    );
    expect(oids('## Unsigned attributes')).toEqual([ATTRIBUTE.timestampToken]);
  });
});

describe('the page on bundles', () => {
  it('has the rules of apps and frameworks', () => {
    const drawn = tableBelow(page('bundle'), '## Rules').map((row) => [
      withoutQuotes(row['`rules2`']!).replaceAll('\\|', '|'),
      { weight: Number(row.weight), means: row.means },
    ]);
    const rules = Object.entries(defaultRules('deep').rules2).map(([pattern, rule]) => [
      pattern,
      { weight: weightOf(rule), means: meaningOf(rule) },
    ]);
    expect(Object.fromEntries(drawn)).toEqual(Object.fromEntries(rules));
  });
});

function weightOf(rule: PlistValue): number {
  const weight = isPlistDict(rule) ? entryOf(rule, 'weight') : undefined;
  return weight instanceof Real ? weight.value : 1;
}

function meaningOf(rule: PlistValue): string {
  const is = (key: string) => isPlistDict(rule) && entryOf(rule, key) === true;
  if (is('nested')) return 'code';
  if (is('omit')) return 'left out';
  return is('optional') ? 'may be missing' : 'sealed';
}
