import { join } from 'node:path';
import { writeSmallFile } from '../../system/files.js';
import type { EmbeddedArchive, Module } from './embed/archive.js';
import { environmentFile } from './embed/environment-file.js';
import { embedModules } from './embed/modules.js';
import { rustModule } from './embed/rust.js';
import type { HelperRequest } from './helper-options.js';

/** What lies beside the archive, by file name. */
export interface HelperModules {
  readonly modules: readonly Module[];
  /** What `helper.env` sets, for build systems that take variables. */
  readonly variables: Readonly<Record<string, string>>;
  readonly environmentFile: Module;
}

export function helperModules(request: HelperRequest, sha256: string): HelperModules {
  const name = archiveName(request);
  const placed = (file: string) => (request.embedAbsolutePaths ? join(request.outputPath, file) : file);
  const archive: EmbeddedArchive = {
    name,
    absolutePath: request.embedAbsolutePaths ? placed(name) : undefined,
    sha256,
  };
  const variables = {
    HELPER_ZIP_PATH: placed(name),
    ...(request.embed.includes('rust') && { HELPER_ZIP_INCLUDE_FILE: placed(rustModule(archive).name) }),
    MACOS_HELPER_ZIP_HASH: sha256,
  };
  const modules = request.embed.flatMap((language) => embedModules(language, archive, request.goPackage));
  return { modules, variables, environmentFile: environmentFile(variables) };
}

export function archiveName({ name }: HelperRequest): string {
  return `${name}.app.zip`;
}

export async function writeModules(
  folder: string,
  { modules, environmentFile }: HelperModules,
): Promise<void> {
  for (const { name, text } of [...modules, environmentFile]) await writeSmallFile(join(folder, name), text);
}
