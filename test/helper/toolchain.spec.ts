/** The hand-written macOS headers and stub: whole in themselves, and true to Apple's where zig brings those along. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWhen } from '../oracles/oracle.js';
import {
  clang,
  compileForMac,
  compileWithZig,
  imports,
  ld64,
  linkForMac,
  nm,
  STRICT,
  TARGETS,
  zig,
} from './compilers.js';

const INCLUDE = join(__dirname, '../../toolchain/macos/include');
const HEADERS = readdirSync(INCLUDE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.h'))
  .sort();
const INCLUDES = HEADERS.map((name) => `#include <${name}>`).join('\n');

const LAYOUT = join(__dirname, 'layout.c');
const DAEMON = join(__dirname, 'daemon.c');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolchain-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const portable = clang !== undefined && ld64 !== undefined && nm !== undefined;
describeWhen(portable, 'clang and LLD are not installed', 'the macOS toolchain without an SDK', () => {
  describe.each(TARGETS)('for $arch', (target) => {
    const object = () => join(folder, `${target.arch}.o`);
    const program = () => join(folder, target.arch);

    it('builds a small daemon', () => {
      expect(compileForMac(target, DAEMON, object(), STRICT)).toBe('');
      expect(linkForMac(target, object(), program())).toBe('');
    });

    it.each(HEADERS)('can include %s alone', (header) => {
      const source = write('alone.c', `#include <${header}>\nint main(void) { return 0; }\n`);
      expect(compileForMac(target, source, object(), STRICT)).toBe('');
    });

    it('lays out what the system reads and writes as the system does', () => {
      expect(compileForMac(target, LAYOUT, object(), STRICT)).toBe('');
    });

    it('finds each declared name in the stub', () => {
      expect(compileForMac(target, write('all.c', mentionAll()), object(), ['-Wno-pedantic'])).toBe('');
      expect(linkForMac(target, object(), program())).toBe('');
      expect(imports(object()).length).toBeGreaterThan(240);
    });

    it('does not link what it does not know', () => {
      const source = write(
        'unknown.c',
        'int socket(int, int, int);\nint main(void) { return socket(1, 1, 0); }\n',
      );
      expect(compileForMac(target, source, object())).toBe('');
      expect(linkForMac(target, object(), program())).toContain('undefined symbol: _socket');
    });
  });
});

describeWhen(
  portable && zig !== undefined,
  'zig is not installed',
  'Apple’s own headers, as zig has them',
  () => {
    const cache = () => join(folder, 'zig');

    describe.each(TARGETS)('for $arch', (target) => {
      const flags = ['-fno-sanitize=undefined', '-D_FORTIFY_SOURCE=0', '-Wno-ignored-attributes'];
      const withZig = (source: string, output = join(folder, 'zig.o')) =>
        compileWithZig(target, cache(), [
          ...flags,
          '-Wno-deprecated-declarations',
          '-c',
          source,
          '-o',
          output,
        ]);

      it('declare each function in the same way', () => {
        expect(withZig(write('same.c', [INCLUDES, ...declarations().map(parenthesized)].join('\n')))).toBe(
          '',
        );
      }, 120_000);

      it('give each constant the same value', () => {
        const same = constants().map(
          ([name, value]) => `_Static_assert((${name}) == (${value}), "${name}");`,
        );
        expect(same.length).toBeGreaterThan(150);
        expect(withZig(write('values.c', [INCLUDES, ...same].join('\n')))).toBe('');
      }, 120_000);

      it('lay out structures in the same way', () => {
        expect(withZig(LAYOUT)).toBe('');
      }, 120_000);

      it('lead to the same names in the library', () => {
        const source = write('all.c', mentionAll());
        const [ours, theirs] = [join(folder, 'ours.o'), join(folder, 'theirs.o')];
        expect(compileForMac(target, source, ours)).toBe('');
        expect(withZig(source, theirs)).toBe('');
        expect(imports(ours).sort()).toEqual(imports(theirs).sort());
      }, 120_000);
    });
  },
);

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), `${text}\n`);
  return join(folder, name);
}

/** Each function and variable that the headers declare, as one line of C without linker names and attributes. */
function declarations(): string[] {
  return HEADERS.map(read)
    .map((text) => text.replace(/\/\*.*?\*\//gs, '').replace(/^ *#.*$/gm, ''))
    .map((text) =>
      text.replace(/^(struct|union|typedef) [^;{]*\{.*?^\}[^;]*;/gms, '').replace(/^typedef [^;]*;/gm, ''),
    )
    .flatMap((text) => text.split(';'))
    .map((line) => line.replace(/\b(SYMBOL_\w+|_FORMAT)\([^)]*\)|__attribute__\(\(.*\)\)/gs, ''))
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .map((line) => `${line};`);
}

/** The name that a declaration declares: what the first parenthesis follows, or the last word. */
function nameOf(declaration: string): string {
  const [, inner] =
    /^void \(\*(\w+)\(/.exec(declaration) ?? /(\w+)\(/.exec(declaration) ?? /(\w+);$/.exec(declaration)!;
  return inner!;
}

/** Parentheses keep a macro of the same name, of which Apple has many, from being expanded. */
function parenthesized(declaration: string): string {
  const name = nameOf(declaration);
  return declaration.replace(`${name}(`, `(${name})(`);
}

/** A program that takes the address of everything declared. */
function mentionAll(): string {
  const addresses = declarations().map(
    (line) => `  (const void *)${line.includes('(') ? '' : '&'}${nameOf(line)},`,
  );
  const table = ['const void *const everything[] = {', ...addresses, '};'];
  return [INCLUDES, ...table, 'int main(void) { return everything[0] == 0; }'].join('\n');
}

/** Each constant by name and value; casts and names of variables are none. */
function constants(): [string, string][] {
  const defined = HEADERS.map(read).flatMap((text) => [...text.matchAll(/^#define ([A-Z_0-9]+) (\S.*)$/gm)]);
  return defined
    .map(([, name, value]): [string, string] => [name!, value!])
    .filter(([, value]) => !/void|__|LONG/.test(value));
}

function read(header: string): string {
  return readFileSync(join(INCLUDE, header), 'utf8');
}
