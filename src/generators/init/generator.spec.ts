import { readJson, type Tree, updateJson } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import initGenerator from './generator.js';

interface Manifest {
  devDependencies: Record<string, string>;
}

let tree: Tree;

beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'log').mockImplementation();
  tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('nx g nx-codesign:init', () => {
  it('keeps secrets out of git, and adds the plugin to the workspace', async () => {
    await initGenerator(tree, { skipFormat: true });
    expect(tree.read('.gitignore', 'utf-8')).toContain('*.p12\n');
    expect(readJson<Manifest>(tree, 'package.json').devDependencies['nx-codesign']).toMatch(
      /^\^\d+\.\d+\.\d+$/u,
    );
  });

  it('keeps the version that nx add has installed', async () => {
    updateJson(tree, 'package.json', (json: Manifest) => ({
      ...json,
      devDependencies: { 'nx-codesign': 'file:x.tgz' },
    }));
    await initGenerator(tree, { skipFormat: true });
    expect(readJson<Manifest>(tree, 'package.json').devDependencies['nx-codesign']).toBe('file:x.tgz');
  });

  it('leaves package.json alone when told to', async () => {
    const before = tree.read('package.json', 'utf-8');
    await initGenerator(tree, { skipFormat: true, skipPackageJson: true });
    expect(tree.read('package.json', 'utf-8')).toBe(before);
  });

  it('changes nothing when it runs again', async () => {
    await initGenerator(tree, { skipFormat: true });
    const before = tree.read('.gitignore', 'utf-8');
    await initGenerator(tree, { skipFormat: true });
    expect(tree.read('.gitignore', 'utf-8')).toBe(before);
  });
});
