import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { APP, FRAMEWORK_CODE, INFO, MAIN, nestedApp, TOOL, appInfo } from '../macho/bundle-tree.js';
import { plant, type Tree } from '../tree.js';
import { compiled, UNIVERSAL } from './clang.js';

/** A loose library among the frameworks, beside those that are bundles. */
const LIBRARY = `${APP}/Contents/Frameworks/libpart.1.2.dylib`;

/** What codesign has to sign before the app, inside out, relative to the app. */
export const NESTED: readonly string[] = [
  'Contents/Frameworks/libpart.1.2.dylib',
  'Contents/Frameworks/Part.framework',
  'Contents/MacOS/assistant',
];

/** An app with a framework, a loose library, a second program, translations and links, all universal. */
export function plantApp(folder: string): string {
  const workshop = mkdtempSync(join(folder, 'workshop-'));
  const program = { data: compiled(workshop, { archs: UNIVERSAL }), mode: 0o755 };
  const library = { data: compiled(workshop, { archs: UNIVERSAL, kind: 'library' }), mode: 0o755 };
  return planted(folder, {
    ...nestedApp(),
    [MAIN]: program,
    [TOOL]: program,
    [FRAMEWORK_CODE]: library,
    [LIBRARY]: library,
    // Names that only a careful writer of property lists gets right.
    [`${APP}/Contents/Resources/a & "b" <c>.txt`]: 'signs\n',
    [`${APP}/Contents/Resources/Base.lproj/Main.strings`]: '"a" = "b";\n',
    [`${APP}/Contents/Resources/en.lproj/locversion.plist`]: 'left out\n',
    [`${APP}/Contents/Resources/.DS_Store`]: 'left out too\n',
    [`${APP}/Contents/PkgInfo`]: 'APPL????',
    [`${APP}/Contents/version.plist`]: appInfo(),
  });
}

/** An app whose program is a script: its signature lies in files of its own. */
export function plantScriptApp(folder: string): string {
  return planted(folder, {
    [INFO]: appInfo(),
    [MAIN]: { data: new TextEncoder().encode('#!/bin/sh\necho hello\n'), mode: 0o755 },
    [`${APP}/Contents/Resources/data.txt`]: 'some data\n',
  });
}

function planted(folder: string, tree: Tree): string {
  const root = mkdtempSync(join(folder, 'app-'));
  plant(root, tree);
  return join(root, APP);
}
