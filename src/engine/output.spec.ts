import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { refusal } from '../../test/refusal.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { plant, snapshot } from '../../test/tree.js';
import { resolvePlaces, type PlacesRequest } from './output.js';

const newFolder = temporaryFolders('output');

function folderWith(
  tree: Parameters<typeof plant>[1] = { tool: 'x', 'Tool.app/Contents/data': 'x' },
): string {
  const folder = newFolder();
  plant(folder, tree);
  return folder;
}

describe('when the output has a place', () => {
  it.each([
    ['by its own name', 'out/signed', 'out/signed'],
    ['by its folder, with a slash at the end', 'out/', 'out/tool'],
    ['beside the original', './tool-signed', 'tool-signed'],
  ])('%s, both paths are absolute', async (_, outputPath, wanted) => {
    const folder = folderWith();
    await expect(resolvePlaces({ path: 'tool', outputPath }, folder)).resolves.toEqual({
      path: join(folder, 'tool'),
      outputPath: join(folder, wanted),
      kind: 'file',
    });
  });

  it('in place, it is the original', async () => {
    const folder = folderWith();
    const places = await resolvePlaces({ path: 'Tool.app/', inPlace: true }, folder);
    expect(places).toEqual({
      path: join(folder, 'Tool.app'),
      outputPath: join(folder, 'Tool.app'),
      kind: 'folder',
    });
  });

  it('an earlier output of the same kind and name may stand there', async () => {
    const folder = folderWith({ tool: 'x', 'out/tool': 'y', 'a/Tool.app/1': '', 'b/Tool.app/1': '' });
    const file = await resolvePlaces({ path: 'tool', outputPath: 'out/' }, folder);
    expect(file.outputPath).toBe(join(folder, 'out/tool'));
    const bundle = await resolvePlaces({ path: 'a/Tool.app', outputPath: 'b/Tool.app' }, folder);
    expect(bundle.kind).toBe('folder');
  });
});

describe('when the output has no good place, nothing is touched and the error says what to do:', () => {
  const cases: [string, PlacesRequest, string][] = [
    ['no place at all', { path: 'tool' }, 'there is no outputPath'],
    ['two places', { path: 'tool', outputPath: 'x', inPlace: true }, 'exclude each other'],
    ['the original itself', { path: 'tool', outputPath: './tool' }, 'is the original itself'],
    ['the original through a link', { path: 'tool', outputPath: 'here/tool' }, 'is the original itself'],
    ['a place within the original', { path: 'Tool.app', outputPath: 'Tool.app/Contents/' }, 'lies within'],
    ['a place within, through a link', { path: 'Tool.app', outputPath: 'inside/' }, 'lies within'],
    ['a new folder within', { path: 'Tool.app', outputPath: 'inside/new/folder/' }, 'lies within'],
    ['a folder around the original', { path: 'Outer.app/Outer.app', outputPath: 'Outer.app' }, 'contains'],
    ['a folder that is something else', { path: 'tool', outputPath: 'Tool.app' }, 'no earlier output'],
    ['another folder', { path: 'Tool.app', outputPath: 'other' }, 'no earlier output'],
    ['a file, for a folder', { path: 'Tool.app', outputPath: 'file' }, 'no earlier output'],
    ['a link', { path: 'tool', outputPath: 'link' }, 'no earlier output'],
    ['for a link', { path: 'link', outputPath: 'x' }, 'neither a file nor a folder'],
  ];

  it.each(cases)('%s', async (_, request, message) => {
    const folder = folderWith({
      tool: 'x',
      file: 'y',
      'Tool.app/Contents/data': 'x',
      'Outer.app/Outer.app/data': 'x',
      'other/precious': 'z',
      link: { link: 'tool' },
      here: { link: '.' },
      inside: { link: 'Tool.app/Contents' },
    });
    const before = snapshot(folder);
    await expect(resolvePlaces(request, folder)).rejects.toEqual(refusal('INVALID_OPTION', message));
    expect(snapshot(folder)).toEqual(before);
  });

  it('an original that is not there', async () => {
    const folder = newFolder();
    const refused = refusal('NOT_FOUND', 'absent');
    await expect(resolvePlaces({ path: 'absent', outputPath: 'x' }, folder)).rejects.toEqual(refused);
  });

  it('a folder beside the original whose name only begins like it is fine', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'Tool.app'));
    symlinkSync('Tool.app', join(folder, 'Tool.app-signed'));
    await expect(
      resolvePlaces({ path: 'Tool.app', outputPath: 'Tool.app.signed/' }, folder),
    ).resolves.toMatchObject({ outputPath: join(folder, 'Tool.app.signed/Tool.app') });
  });
});
