import { spawnSync } from 'node:child_process';
import fs, { linkSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { refusal } from '../../../test/refusal.js';
import { temporaryFolders } from '../../../test/temporary-folder.js';
import { plant, snapshot, type Tree } from '../../../test/tree.js';
import { withStaging } from './staging.js';

/** Before anything is spied on. */
const { rmSync: removeForReal } = fs;

const newFolder = temporaryFolders('staging');
const nothing = async () => undefined;

/** One file that stood there before, one folder that did, and one file that is new. */
const EARLIER: Tree = { 'file.txt': 'old', 'folder/inside/old.txt': 'old', 'theirs.txt': 'theirs' };
const NEXT: Tree = { 'file.txt': 'new', 'folder/new.txt': 'new', 'added.txt': 'new' };
const NAMES = ['added.txt', 'file.txt', 'folder'];

function earlierOutput(): string {
  const folder = newFolder();
  plant(folder, EARLIER);
  return folder;
}

describe('when work succeeds', () => {
  it('what it left stands in the target, over what stood there, and nothing else has changed', async () => {
    const folder = earlierOutput();
    const result = await withStaging(folder, async (stage) => {
      plant(stage, NEXT);
      return 'result';
    });
    const wanted = newFolder();
    plant(wanted, { ...NEXT, 'theirs.txt': 'theirs' });
    expect(result).toBe('result');
    expect(snapshot(folder)).toEqual(snapshot(wanted));
  });

  it('folders above the target are made', async () => {
    const folder = newFolder();
    await withStaging(join(folder, 'a/b'), async (stage) => {
      plant(stage, { x: '' });
    });
    expect(Object.keys(snapshot(folder))).toEqual(['a', 'a/b', 'a/b/x']);
  });

  it('several at once do not disturb each other', async () => {
    const folder = newFolder();
    const names = ['1', '2', '3', '4', '5'];
    await Promise.all(
      names.map((name) =>
        withStaging(folder, async (stage) => {
          plant(stage, { [name]: name });
        }),
      ),
    );
    expect(Object.keys(snapshot(folder))).toEqual(names);
  });
});

describe('when work fails', () => {
  it('everything is as it was, and the failure is told as it was thrown', async () => {
    const folder = earlierOutput();
    const before = snapshot(folder);
    const failure = new Error('mine');
    const failing = withStaging(folder, async (stage) => {
      plant(stage, NEXT);
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    expect(snapshot(folder)).toEqual(before);
  });

  it('folders that were made for it are gone, those with something in them stay', async () => {
    const folder = newFolder();
    await expect(withStaging(join(folder, 'a/b'), () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(snapshot(folder)).toEqual({});
    const failing = withStaging(join(folder, 'a/b'), async () => {
      writeFileSync(join(folder, 'a/theirs'), '');
      throw new Error('x');
    });
    await expect(failing).rejects.toThrow('x');
    expect(Object.keys(snapshot(folder))).toEqual(['a', 'a/theirs']);
  });

  it('what is half published is taken back', async () => {
    const folder = earlierOutput();
    const before = snapshot(folder);
    const failing = withStaging(folder, async (stage) => {
      plant(stage, NEXT);
      mkdirSync(join(dirname(stage), 'done')); // In the way of the last step.
      writeFileSync(join(dirname(stage), 'done', 'x'), '');
    });
    await expect(failing).rejects.toMatchObject({ name: 'SigningError' });
    expect(snapshot(folder)).toEqual(before);
  });

  it.each([
    ['below a file', 'file.txt/below', 'NOT_FOUND'],
    ['at a file', 'file.txt', 'INVALID_OPTION'],
  ] as const)('because its target lies %s, the error names the path', async (_, target, code) => {
    const folder = earlierOutput();
    const before = snapshot(folder);
    await expect(withStaging(join(folder, target), nothing)).rejects.toEqual(
      refusal(code, join(folder, 'file.txt')),
    );
    expect(snapshot(folder)).toEqual(before);
  });
});

/** What a run does on disk, one step after the other: a kill can come between any two. */
function publicationSteps(stage: string): (() => void)[] {
  const target = dirname(stage);
  const [next, old] = [join(stage, 'new'), join(stage, 'old')];
  return [
    () => mkdirSync(next, { recursive: true }),
    ...Object.entries(NEXT).map(([path, content]) => () => {
      plant(next, { [path]: content });
    }),
    () => {
      writeFileSync(join(stage, 'plan.json'), JSON.stringify(NAMES));
    },
    () => {
      mkdirSync(old);
    },
    () => {
      renameSync(join(next, 'added.txt'), join(target, 'added.txt'));
    },
    () => {
      linkSync(join(target, 'file.txt'), join(old, 'file.txt'));
    },
    () => {
      renameSync(join(next, 'file.txt'), join(target, 'file.txt'));
    },
    () => {
      renameSync(join(target, 'folder'), join(old, 'folder'));
    },
    () => {
      renameSync(join(next, 'folder'), join(target, 'folder'));
    },
  ];
}

const STEPS = publicationSteps('/').length;
const MOMENTS = Array.from({ length: STEPS + 1 }, (_, done) => done);
const deadPid = spawnSync('true').pid;

/** The name that a run of another process would give its stage. */
async function stageNameOf(pid: number): Promise<string> {
  const own = await withStaging(newFolder(), async (stage) => basename(dirname(stage)));
  return own.replace(`-${process.pid}-`, `-${pid}-`);
}

async function killedAfter(folder: string, steps: number): Promise<string> {
  const stage = join(folder, await stageNameOf(deadPid));
  for (const step of publicationSteps(stage).slice(0, steps)) step();
  return stage;
}

describe('when an earlier run was killed', () => {
  it.each(MOMENTS)('after step %s, the next one puts everything back', async (steps) => {
    const folder = earlierOutput();
    const before = snapshot(folder);
    await killedAfter(folder, steps);
    await withStaging(folder, nothing);
    expect(snapshot(folder)).toEqual(before);
  });

  it('past the point of no return, the next one keeps what was published', async () => {
    const folder = earlierOutput();
    const stage = await killedAfter(folder, STEPS);
    renameSync(join(stage, 'old'), join(stage, 'done'));
    const wanted = newFolder();
    plant(wanted, { ...NEXT, 'theirs.txt': 'theirs' });
    await withStaging(folder, nothing);
    expect(snapshot(folder)).toEqual(snapshot(wanted));
  });

  it.each(MOMENTS)(
    'after step %s, and the next one while it put things back, nothing is lost',
    async (steps) => {
      for (let calls = 0; calls < 12; calls++) {
        const folder = earlierOutput();
        const before = snapshot(folder);
        await killedAfter(folder, steps);
        await dyingAfter(calls, () => withStaging(folder, nothing));
        for (const name of fs.readdirSync(folder).filter((each) => each.startsWith('.nx-codesign')))
          renameSync(join(folder, name), join(folder, name.replace(`-${process.pid}-`, `-${deadPid}-`)));
        await withStaging(folder, nothing);
        expect({ calls, ...snapshot(folder) }).toEqual({ calls, ...before });
      }
    },
  );

  it('several runs that find it at the same time put it back once', async () => {
    const folder = earlierOutput();
    const before = snapshot(folder);
    await killedAfter(folder, STEPS);
    await Promise.all([1, 2, 3, 4].map(() => withStaging(folder, nothing)));
    expect(snapshot(folder)).toEqual(before);
  });

  it('with the machine, and its plan was never written to disk, what stood there before is put back', async () => {
    const folder = earlierOutput();
    const stage = await killedAfter(folder, STEPS);
    writeFileSync(join(stage, 'plan.json'), '');
    await withStaging(folder, nothing);
    rmSync(join(folder, 'added.txt'));
    expect(snapshot(folder)).toEqual(snapshot(earlierOutput()));
  });

  it('and had the number of this process, as in a container, its stage is still taken for abandoned', async () => {
    const folder = newFolder();
    const stage = join(folder, await stageNameOf(process.pid));
    mkdirSync(join(stage, 'new'), { recursive: true });
    utimesSync(stage, 0, 0);
    await withStaging(folder, nothing);
    expect(snapshot(folder)).toEqual({});
  });

  it.each([
    ['of a run that is alive', () => stageNameOf(process.ppid)],
    ['of another machine', async () => `.nx-codesign-00000000-${deadPid}-0123abcd`],
    ['that only looks like one', async () => '.nx-codesign-mine'],
  ])('a folder %s is left alone', async (_, name) => {
    const folder = newFolder();
    plant(folder, { [`${await name()}/new/x`]: 'x' });
    const before = snapshot(folder);
    await withStaging(folder, nothing);
    expect(snapshot(folder)).toEqual(before);
  });
});

/** Lets the synchronous calls that change the disk fail from the one after `calls` on, as a kill would end them. */
async function dyingAfter(calls: number, work: () => Promise<unknown>): Promise<void> {
  let left = calls;
  const spies = (['renameSync', 'rmSync'] as const).map((name) => {
    const forReal = fs[name] as (...args: unknown[]) => void;
    return jest.spyOn(fs, name).mockImplementation((...args: unknown[]) => {
      // A folder is removed entry by entry: a kill leaves a part of it.
      if (left-- <= 0) throw name === 'rmSync' ? partlyRemoved(String(args[0])) : new Error('killed');
      forReal(...args);
    });
  });
  await work().catch(() => undefined);
  for (const spy of spies) spy.mockRestore();
}

function partlyRemoved(path: string): Error {
  const [first] = fs.readdirSync(path);
  if (first !== undefined) removeForReal(join(path, first), { recursive: true });
  return new Error('killed');
}
