import {
  formatFiles,
  joinPathFragments,
  logger,
  offsetFromRoot,
  readProjectConfiguration,
  type Tree,
} from '@nx/devkit';
import { ignore, SECRET_FILES } from '../../nx/git-ignore.js';
import { helperFiles } from './helper-files.js';
import { completeOptions, type CompleteOptions, type SigningGeneratorOptions } from './options.js';
import { addTargets } from './project-targets.js';
import { signingTargets } from './targets.js';

/**
 * Gives a project what it needs to be signed: settings, entitlements, a helper to start from, and targets.
 * What exists already is kept as it is, so a second run changes nothing and no edit by hand is lost.
 * @throws SigningError `INVALID_OPTION`
 */
export default async function signingGenerator(tree: Tree, given: SigningGeneratorOptions): Promise<void> {
  const options = completeOptions(given);
  const project = readProjectConfiguration(tree, options.project);
  for (const [path, content] of filesOf(options, project.root)) {
    const target = joinPathFragments(project.root, path);
    if (!tree.exists(target)) tree.write(target, content);
  }
  ignore(tree, SECRET_FILES, 'Keys and passwords for signing');
  ignore(tree, outputFolders(options, project.root), 'Signed output');
  const added = addTargets(tree, project, signingTargets(options));
  if (added.length > 0) announce(options, added, project.targets?.[options.buildTarget] !== undefined);
  if (!options.skipFormat) await formatFiles(tree);
}

function filesOf(options: CompleteOptions, projectRoot: string): Map<string, string> {
  return new Map([
    ['signing.config.json', json(signingConfig(options, projectRoot))],
    [entitlementsName(options), EMPTY_ENTITLEMENTS],
    ...(options.helper ? helperFiles(options) : []),
  ]);
}

function signingConfig(options: CompleteOptions, projectRoot: string): object {
  return {
    $schema: `${offsetFromRoot(projectRoot)}node_modules/nx-codesign/signing.config.schema.json`,
    sign: { identifier: options.identifier, entitlements: entitlementsName(options) },
    ...(options.helper && {
      helper: {
        name: options.helperName,
        bundleIdentifier: options.helperIdentifier,
        version: '1.0.0',
        sources: ['helper/helper.c'],
        infoPlist: 'helper/Info.plist',
        entitlements: 'helper/helper.entitlements',
        ...(options.embed.length > 0 && { embed: options.embed }),
      },
    }),
  };
}

function entitlementsName({ artifact }: CompleteOptions): string {
  const file = artifact.slice(artifact.lastIndexOf('/') + 1);
  return `${file.replace(/\.[A-Za-z]+$/u, '')}.entitlements`;
}

/** None: each entitlement weakens the hardened runtime, and one without a profile to grant it stops the program at launch. */
const EMPTY_ENTITLEMENTS = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict/>
</plist>
`;

function outputFolders({ helper }: CompleteOptions, projectRoot: string): string[] {
  const folders = helper ? ['dist-signed', 'dist-helper'] : ['dist-signed'];
  return folders.map((folder) => `/${joinPathFragments(projectRoot, folder)}/`);
}

function announce(
  { project, buildTarget, artifact }: CompleteOptions,
  added: readonly string[],
  hasBuild: boolean,
): void {
  logger.info(
    `nx run ${project}:${added.at(-1) ?? ''} now signs and checks what ${project}:${buildTarget} leaves in ${artifact}`,
  );
  if (!hasBuild)
    logger.warn(
      `${project} has no target ${buildTarget} yet: give it one, or name another with --buildTarget`,
    );
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
