import type { EmbeddedArchive, Module } from './archive.js';
import { cModules } from './c.js';
import { goModule } from './go.js';
import { rustModule } from './rust.js';
import { typescriptModule } from './typescript.js';

export type EmbedLanguage = 'rust' | 'typescript' | 'go' | 'c';
export const EMBED_LANGUAGES: readonly EmbedLanguage[] = ['rust', 'typescript', 'go', 'c'];

/** The source files through which a program in `language` carries the archive. */
export function embedModules(language: EmbedLanguage, archive: EmbeddedArchive, goPackage: string): Module[] {
  switch (language) {
    case 'rust':
      return [rustModule(archive)];
    case 'typescript':
      return [typescriptModule(archive)];
    case 'go':
      return [goModule(archive, goPackage)];
    case 'c':
      return cModules(archive);
  }
}
