import type { PlistDict } from '../../src/engine/system/plist/value.js';
import { writeXmlPlist } from '../../src/engine/system/plist/write-xml.js';
import { machOFile, type MachOShape } from '../macho/macho-file.js';
import type { Content, Tree } from '../tree.js';

// Bundles of all layouts, made up. The paths of their trees count from the bundle itself.

const DYLIB = 6;
const LOADABLE = 8;

export function program(shape: MachOShape = {}): Content {
  return { data: machOFile(shape), mode: 0o755 };
}

/** `size` makes one library differ from another. */
export function library(size = 900): Content {
  return program({ fileType: DYLIB, codeSize: size });
}

export function info(executable: string, change: PlistDict = {}): Uint8Array {
  const identifier = `com.example.${executable.replace(/[^\w.-]+/g, '-')}`;
  return writeXmlPlist({ CFBundleExecutable: executable, CFBundleIdentifier: identifier, ...change });
}

/** Apps, XPC services, extensions and plug-ins: everything with `Contents`. */
export function app(name: string, more: Tree = {}): Tree {
  return {
    'Contents/Info.plist': info(name, { CFBundlePackageType: 'APPL' }),
    [`Contents/MacOS/${name}`]: program(),
    ...more,
  };
}

export function plugIn(name: string, more: Tree = {}): Tree {
  return app(name, { [`Contents/MacOS/${name}`]: program({ fileType: LOADABLE }), ...more });
}

/** A bundle with `Contents` and no program. */
export function resourceBundle(identifier: string, more: Tree = {}): Tree {
  return { 'Contents/Info.plist': writeXmlPlist({ CFBundleIdentifier: identifier }), ...more };
}

/** A framework with its parts in `Versions`; links in its root lead to the current one. */
export function framework(name: string, versions: Readonly<Record<string, Tree>>, current = 'A'): Tree {
  const contents = Object.entries(versions).map(([version, more], i) =>
    inside(`Versions/${version}`, {
      [name]: library(900 + i),
      'Resources/Info.plist': info(name, { CFBundleVersion: version }),
      ...more,
    }),
  );
  const tops = Object.keys({ [name]: 0, Resources: 0, ...versions[current] }).map((path) =>
    path.replace(/\/.*/, ''),
  );
  return {
    ...(Object.assign({}, ...contents) as Tree),
    'Versions/Current': { link: current },
    ...Object.fromEntries([...new Set(tops)].map((top) => [top, { link: `Versions/Current/${top}` }])),
  };
}

/** As on iOS: Info.plist and program beside each other. */
export function flat(name: string, more: Tree = {}, main = program()): Tree {
  return { 'Info.plist': info(name), [name]: main, ...more };
}

/** The tree, one or more folders deeper. */
export function inside(folder: string, tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).map(([path, content]) => [`${folder}/${path}`, content]));
}
