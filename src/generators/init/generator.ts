import {
  addDependenciesToPackageJson,
  formatFiles,
  type GeneratorCallback,
  logger,
  readJson,
  type Tree,
} from '@nx/devkit';
import { readFileSync } from 'node:fs';
import { ignore, SECRET_FILES } from '../../nx/git-ignore.js';

export interface InitGeneratorOptions {
  skipPackageJson?: boolean;
  skipFormat?: boolean;
}

/** Prepares a workspace: the plugin among its dependencies, keys and passwords out of git. Runs once for `nx add`. */
export default async function initGenerator(
  tree: Tree,
  options: InitGeneratorOptions,
): Promise<GeneratorCallback> {
  ignore(tree, SECRET_FILES, 'Keys and passwords for signing');
  const install = options.skipPackageJson ? nothing : addPlugin(tree);
  if (!options.skipFormat) await formatFiles(tree);
  logger.info('nx-codesign is ready: nx g nx-codesign:signing <project> sets a project up for signing');
  return install;
}

function addPlugin(tree: Tree): GeneratorCallback {
  const manifest = readJson<Record<'dependencies' | 'devDependencies', Record<string, string> | undefined>>(
    tree,
    'package.json',
  );
  // Whatever version is there, be it a file or a workspace range, was chosen by the user or by nx add.
  const isPresent = manifest.dependencies?.['nx-codesign'] ?? manifest.devDependencies?.['nx-codesign'];
  if (isPresent !== undefined) return nothing;
  return addDependenciesToPackageJson(tree, {}, { 'nx-codesign': `^${ownVersion()}` });
}

function ownVersion(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

const nothing: GeneratorCallback = () => undefined;
