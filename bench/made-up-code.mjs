// Programs and bundles that exist only to be measured: valid Mach-O around pseudo-random bytes.
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PAGE = 0x4000;
const CHUNK = 1 << 20;

/** The same bytes for the same seed, and incompressible. */
function noise(seed, size) {
  const out = Buffer.allocUnsafe(size);
  let block = createHash('sha512').update(seed).digest();
  for (let at = 0; at < size; at += block.length) {
    block.copy(out, at);
    if (at % (CHUNK / 16) === 0) block = createHash('sha512').update(block).digest();
    block.writeUInt32LE((block.readUInt32LE(0) + 1) >>> 0, 0);
  }
  return out;
}

/** Header of a thin arm64 executable or library of `size` bytes: __TEXT, __LINKEDIT, UUID and platform. */
function machHeader(size, fileType, seed) {
  const linkedit = Math.floor((size - 16) / PAGE) * PAGE;
  const header = Buffer.alloc(PAGE);
  const u32 = (values, at) => values.forEach((value, i) => header.writeUInt32LE(value >>> 0, at + 4 * i));
  u32([0xfeedfacf, 0x0100000c, 0, fileType, 4, 152 + 72 + 24 + 24, 0x00200085, 0], 0);
  segment(header, 32, '__TEXT', 0, linkedit, 1);
  header.write('__text', 32 + 72, 'latin1');
  header.write('__TEXT', 32 + 88, 'latin1');
  header.writeBigUInt64LE(BigInt(linkedit - PAGE), 32 + 72 + 40);
  header.writeUInt32LE(PAGE, 32 + 72 + 48);
  segment(header, 184, '__LINKEDIT', linkedit, size - linkedit, 0);
  u32([0x1b, 24], 256);
  createHash('md5').update(seed).digest().copy(header, 264);
  u32([0x32, 24, 1, 0x000b0000, 0x001a0000, 0], 280);
  return header;
}

function segment(header, at, name, offset, size, sections) {
  header.writeUInt32LE(0x19, at);
  header.writeUInt32LE(72 + 80 * sections, at + 4);
  header.write(name, at + 8, 'latin1');
  header.writeBigUInt64LE(0x100000000n + BigInt(offset), at + 24);
  header.writeBigUInt64LE(BigInt(Math.ceil(size / PAGE) * PAGE), at + 32);
  header.writeBigUInt64LE(BigInt(offset), at + 40);
  header.writeBigUInt64LE(BigInt(size), at + 48);
  header.writeUInt32LE(sections, at + 64);
}

export const EXECUTE = 2;
export const DYLIB = 6;

/** Writes a Mach-O of at least 48 KiB. */
export function writeMachO(path, size, fileType = EXECUTE) {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w', 0o755);
  writeSync(file, machHeader(size, fileType, path));
  for (let at = PAGE; at < size; at += CHUNK)
    writeSync(file, noise(`${path}@${at}`, Math.min(CHUNK, size - at)));
  closeSync(file);
}

const INFO = (executable) => `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>CFBundleExecutable</key><string>${executable}</string>
<key>CFBundleIdentifier</key><string>com.example.${executable.toLowerCase()}</string>
<key>CFBundlePackageType</key><string>APPL</string>
</dict></plist>
`;

/** An app with `libraries` nested Mach-O files of mixed size and `files` resources that fill up to `bytes`. */
export function writeApp(path, { files, libraries, bytes }) {
  const contents = join(path, 'Contents');
  mkdirSync(join(contents, 'Resources'), { recursive: true });
  writeFileSync(join(contents, 'Info.plist'), INFO('Bench'));
  writeMachO(join(contents, 'MacOS', 'Bench'), 1 << 20);
  const librarySizes = Array.from({ length: libraries }, (_, i) => 0xc000 + ((i * 7919) % 97) * 8192);
  librarySizes.forEach((size, i) => writeMachO(join(contents, 'Frameworks', `lib${i}.dylib`), size, DYLIB));
  const rest = Math.max(files * 64, bytes - librarySizes.reduce((sum, size) => sum + size, 0));
  for (let i = 0; i < files; i++) {
    const file = join(contents, 'Resources', `folder${i % 40}`, `file${i}.dat`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, noise(file, Math.max(64, Math.floor((rest / files) * (0.5 + (i % 11) / 10)))));
  }
}
