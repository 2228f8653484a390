import {
  joinPathFragments,
  readJson,
  writeJson,
  type ProjectConfiguration,
  type TargetConfiguration,
  type Tree,
} from '@nx/devkit';

type Targets = Record<string, TargetConfiguration>;

/**
 * Adds targets to the file that configures the project, and returns the names added. Targets that are there stay as
 * they are, whatever they hold. The file is edited directly: devkit's `updateProjectConfiguration` would also write
 * down what Nx has inferred.
 */
export function addTargets(tree: Tree, { root }: ProjectConfiguration, targets: Targets): string[] {
  const projectJson = joinPathFragments(root, 'project.json');
  if (tree.exists(projectJson)) {
    const project = readJson<{ targets?: Targets }>(tree, projectJson);
    const added = missing(project.targets, targets);
    if (Object.keys(added).length > 0)
      writeJson(tree, projectJson, { ...project, targets: { ...project.targets, ...added } });
    return Object.keys(added);
  }
  const packageJson = joinPathFragments(root, 'package.json');
  const manifest = readJson<{ nx?: { targets?: Targets } }>(tree, packageJson);
  const added = missing(manifest.nx?.targets, targets);
  if (Object.keys(added).length > 0) {
    writeJson(tree, packageJson, {
      ...manifest,
      nx: { ...manifest.nx, targets: { ...manifest.nx?.targets, ...added } },
    });
  }
  return Object.keys(added);
}

function missing(present: Targets = {}, wanted: Targets): Targets {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => !Object.hasOwn(present, name)));
}
