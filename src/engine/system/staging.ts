import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { link, lstat, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileError, systemCode } from './error.js';

/*
 * Outputs come into being in a hidden folder beside their target (the same file system, so that a rename is enough):
 *
 *   .nx-codesign-<host>-<pid>-<random>/
 *     new/        what the work writes
 *     old/        what stood in its place, while it is being published
 *     plan.json   the names being published
 *
 * Until `old/` is gone the publication can be undone: by a failure, by a signal, or by the next run after a kill.
 */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const PREFIX = '.nx-codesign-';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Gives `work` an empty folder; whatever it leaves there is moved into `target`, over what stands there, all or nothing.
 * On failure, signal or kill `target` is as it was before and nothing is left behind.
 */
export async function withStaging<T>(target: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = resolve(target);
  const stage = newStage(folder);
  const created = await makeFolder(folder);
  try {
    await sweep(folder);
    watch(stage, created);
    await mkdir(join(stage, 'new'), { recursive: true, mode: 0o700 });
    const result = await work(join(stage, 'new'));
    await publish(stage, folder);
    return result;
  } catch (error) {
    undo(stage);
    removeCreated(created, folder);
    throw systemCode(error) === undefined ? error : fileError(error, target);
  } finally {
    unwatch(stage);
  }
}

function newStage(folder: string): string {
  return join(folder, `${PREFIX}${HOST}-${process.pid}-${randomBytes(4).toString('hex')}`);
}

async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError(error, folder);
  }
}

/** Takes away the folders that this run made above its output, as long as they are empty. */
function removeCreated(first: string | undefined, last: string): void {
  if (first === undefined) return;
  try {
    for (let folder = last; folder.length >= first.length; folder = dirname(folder)) rmdirSync(folder);
  } catch {
    // Somebody else has put something there: it stays.
  }
}

async function publish(stage: string, target: string): Promise<void> {
  const names = (await readdir(join(stage, 'new'))).sort();
  await writeFile(join(stage, 'plan.json'), JSON.stringify(names));
  await mkdir(join(stage, 'old'));
  for (const name of names)
    await replace(join(stage, 'new', name), join(target, name), join(stage, 'old', name));
  await rename(join(stage, 'old'), join(stage, 'done')); // From here on there is no way back.
  remove(stage);
}

/** A file is replaced in one step, so that a reader never finds it missing; a folder cannot be. */
async function replace(next: string, target: string, old: string): Promise<void> {
  const standing = await lstat(target).catch(() => undefined);
  if (standing?.isFile() === true && (await lstat(next)).isFile()) {
    await link(target, old).catch(async () => {
      await rename(target, old); // A file system without hard links.
    });
  } else if (standing) await rename(target, old);
  await rename(next, target);
}

/** Puts back what a publication had moved, and removes the stage. Synchronous, for signal handlers. */
function undo(stage: string): void {
  const old = join(stage, 'old');
  if (existsSync(old)) {
    for (const name of new Set([...plannedNames(stage), ...readdirSync(old)])) takeBack(stage, name);
    renameSync(old, join(stage, 'undone')); // Else a kill in what follows would have it all taken back again.
  }
  remove(stage);
}

/** The steps of `replace` backwards; what was done already, before a kill or by an earlier undo, stays as it is. */
function takeBack(stage: string, name: string): void {
  const [next, target, old] = [
    join(stage, 'new', name),
    join(dirname(stage), name),
    join(stage, 'old', name),
  ];
  if (!exists(next) && exists(target)) renameSync(target, next);
  if (exists(old) && !exists(target)) renameSync(old, target);
}

/** What cannot be removed is for the next run to try again: a result that stands is not to fail for it. */
function remove(stage: string): void {
  try {
    unlock(stage);
    // A write that was under way may land in a folder that is being removed.
    rmSync(stage, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  } catch {
    // Somebody else's file in it, or a file system that has gone away.
  }
}

/** An earlier output may have read-only folders, from which nothing can be removed. */
function unlock(folder: string): void {
  if (!exists(folder)) return;
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) unlock(join(folder, entry.name));
}

/** Of the plan, losing power may leave an empty file: then only what stood there before is known. */
function plannedNames(stage: string): string[] {
  try {
    return JSON.parse(readFileSync(join(stage, 'plan.json'), 'utf8')) as string[];
  } catch {
    return [];
  }
}

/** Sees dangling links too. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Undoes what a run that was killed had begun in this folder. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = new RegExp(`^\\${PREFIX}${HOST}-(\\d+)-[0-9a-f]{8}$`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid), join(folder, name))) continue;
    const mine = claim(join(folder, name));
    if (mine !== undefined) undo(mine);
  }
}

/** Only one of several runs gets it: two that undo at once would take away what the other has put back. */
function claim(stage: string): string | undefined {
  const mine = newStage(dirname(stage));
  try {
    renameSync(stage, mine);
    return mine;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, stage);
  }
}

/** In a container, a run often has the number of the one that was killed before it. */
function isAlive(pid: number, stage: string): boolean {
  if (pid === process.pid)
    return (statSync(stage, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= performance.timeOrigin;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** Stages in use, each with the topmost folder that was made for it. */
const active = new Map<string, string | undefined>();

function watch(stage: string, created: string | undefined): void {
  if (active.size === 0) {
    process.on('exit', undoAll);
    for (const signal of SIGNALS) process.on(signal, undoAndDie);
  }
  active.set(stage, created);
}

function unwatch(stage: string): void {
  active.delete(stage);
  if (active.size > 0) return;
  process.off('exit', undoAll);
  for (const signal of SIGNALS) process.off(signal, undoAndDie);
}

function undoAll(): void {
  for (const [stage, created] of active) {
    undo(stage);
    removeCreated(created, dirname(stage));
  }
}

function undoAndDie(signal: NodeJS.Signals): void {
  undoAll();
  for (const each of SIGNALS) process.off(each, undoAndDie);
  process.kill(process.pid, signal);
}
