import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives a new empty folder at each call; all of them go when the tests of the file are done. */
export function temporaryFolders(name: string): () => string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), `${name}-`)));
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });
  return () => mkdtempSync(join(root, '-'));
}
