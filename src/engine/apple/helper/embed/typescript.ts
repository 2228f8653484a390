import { pathToFileURL } from 'node:url';
import { GENERATED, type EmbeddedArchive, type Module } from './archive.js';

/** The archive stays a file of its own: a bundler that knows `new URL(…, import.meta.url)` takes it along. */
export function typescriptModule({ name, absolutePath, sha256 }: EmbeddedArchive): Module {
  const url =
    absolutePath === undefined
      ? `new URL(${JSON.stringify(`./${encodeURIComponent(name)}`)}, import.meta.url)`
      : `new URL(${JSON.stringify(pathToFileURL(absolutePath).href)})`;
  const text = `// ${GENERATED}
export const appZipUrl = ${url};
export const appZipSha256 = ${JSON.stringify(sha256)};
`;
  return { name: 'app-zip-data.ts', text };
}
