/**
 * What a hostile or careless caller can do to the helper. What the helper cannot prevent is a test too, called LIMIT,
 * so that its README.md stays true. The rows run side by side; each has a folder of its own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithOracle } from '../oracles/oracle.js';
import { Lab, type Outcome } from './lab.js';

const { SIGALRM, SIGCHLD, SIGHUP, SIGTERM } = constants.signals;
const NOBODY = 65534;
const MEBIBYTE = 1 << 20;

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';
/** A small disk of one's own, which vanishes with the process that mounted it. */
const SMALL_DISK = ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k none tmp && exec "$@"', 'sh'];
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** One row: an `it` that runs beside the others, or is skipped for a reason that its title tells. */
function row(title: string, check: () => Promise<void>): void {
  it.concurrent(title, check);
}
function rowWhen(present: boolean, missing: string, title: string, check: () => Promise<void>): void {
  if (present) row(title, check);
  else it.skip(`${title} [skipped: ${missing}]`, check);
}
const rowOnLinux = (title: string, check: () => Promise<void>) => {
  rowWhen(isLinux, 'only on Linux', title, check);
};
const rowAsRoot = (title: string, check: () => Promise<void>) => {
  rowWhen(isRoot && isLinux, 'needs root on Linux', title, check);
};

function refused(outcome: Outcome, reason: string): void {
  expect(outcome).toMatchObject({ status: 1, out: '', left: [] });
  expect(outcome.err).toMatch(/^Helper: [^\n]*\n$/); // One line, which tells this 1 from a script's.
  expect(outcome.err).toContain(reason);
}

function ran(outcome: Outcome, out: string, status = 0): void {
  expect(outcome).toMatchObject({ status, out, err: '', left: [] });
}

function cut(outcome: Outcome, status: number, err = ''): void {
  expect(outcome).toMatchObject({ status, err, left: [] });
}
const TIMED_OUT = [124, 'Helper: timed out\n'] as const;

describeWithOracle('gcc', 'the helper under attack', () => {
  let opened: Promise<Lab> | undefined;
  const lab = () => (opened ??= Lab.open()); // Rows that run concurrently do not wait for beforeAll.
  const run = async (...wish: Parameters<Lab['run']>) => (await lab()).run(...wish);
  const room = async (mode?: number) => (await lab()).room(mode);

  afterAll(async () => {
    await (await opened)?.close();
  });

  describe('a script that ends', () => {
    for (const status of [0, 7, 255])
      row(`passes on the exit status ${status}`, async () => {
        ran(await run({ given: [`echo hi; exit ${status}`] }), 'hi\n', status);
      });

    row('killed by a signal is 128 and the signal', async () => {
      ran(await run({ given: ['kill -9 $$'] }), '', 137);
    });

    row('can be run eight times at once', async () => {
      const shared = await room();
      const runs = Array.from({ length: 8 }, async (_, n) =>
        run({ given: [`sleep 0.5; echo ${n}`] }, shared),
      );
      for (const [n, outcome] of (await Promise.all(runs)).entries())
        expect(outcome).toMatchObject({ status: 0, out: `${n}\n`, err: '' });
      ran(await run({ given: ['true'] }, shared), '');
    });

    row('keeps its background jobs, and is not waited for on their account', async () => {
      const folder = await room();
      const job = join(folder, 'job');
      ran(await run({ given: [`(sleep 1; : > ${job}) > /dev/null 2>&1 & echo done`] }, folder), 'done\n');
      expect(existsSync(job)).toBe(false);
      await sleep(1500);
      expect(existsSync(job)).toBe(true);
    });
  });

  describe('a caller', () => {
    const evil = { given: ['echo pwned'] };

    row('whose name begins like the daemon is refused', async () => {
      refused(await run({ ...evil, parent: 'bin/daemon-evil' }), 'parent "daemon-evil" is not allowed');
    });

    row('whose name ends like the daemon, or lacks a letter, is refused', async () => {
      refused(await run({ ...evil, parent: 'bin/xdaemon' }), 'parent "xdaemon" is not allowed');
      refused(await run({ ...evil, parent: 'bin/daemo' }), 'parent "daemo" is not allowed');
    });

    row('named like the whole list of names is refused', async () => {
      refused(await run({ ...evil, parent: 'bin/other,daemon' }), 'parent "other,daemon" is not allowed');
    });

    row('in a folder named like the daemon is refused', async () => {
      refused(await run({ ...evil, parent: 'daemon/evil' }), 'parent "evil" is not allowed');
    });

    row('that is any of the listed names is served', async () => {
      ran(await run({ given: ['echo hi'], parent: 'bin/other' }), 'hi\n');
    });

    rowOnLinux('whose program was deleted is refused', async () => {
      refused(await run({ ...evil, under: ['unlink', 'late'] }), 'parent "daemon (deleted)" is not allowed');
      const lenient = { ...evil, build: 'lenient', under: ['unlink', 'late'] } as const;
      refused(await run(lenient), 'parent "daemon (deleted)" is not allowed');
    });

    rowOnLinux('with a line break in its name cannot forge a message', async () => {
      refused(await run({ ...evil, parent: 'bin/x\nHelper: y' }), 'parent "x?Helper: y" is not allowed');
    });

    row('in the configured folder is served, in a folder beside it refused', async () => {
      const { folder } = await lab();
      const placed = { given: ['echo hi'], build: 'placed' } as const;
      ran(await run({ ...placed, parent: join(folder, 'genuine/daemon') }), 'hi\n');
      refused(await run({ ...placed, parent: join(folder, 'genuine-evil/daemon') }), 'is in the wrong place');
    });

    row('needs no more than a part of the name where the helper is configured so', async () => {
      ran(await run({ given: ['echo hi'], build: 'lenient', parent: 'bin/daemon-evil' }), 'hi\n');
      refused(await run({ ...evil, build: 'lenient', parent: 'bin/other' }), 'parent "other" is not allowed');
    });

    row('that died before it could be looked at is refused', async () => {
      const orphan = await run({ ...evil, under: ['late', 'die=1'] });
      expect(orphan).toMatchObject({ out: '', left: [] });
      expect(orphan.err).toMatch(/^Helper: (no parent to validate|parent ".*" is not allowed)\n$/);
    });

    row('that dies while it sends the script gets none of it run', async () => {
      const { input, outcome } = await (await lab()).start({ given: ['-'], under: ['die=500'] });
      input.write('echo half; ');
      await sleep(900);
      input.end();
      expect(await outcome).toMatchObject({
        out: '',
        err: 'Helper: parent ended before its script could start\n',
      });
    });

    row('LIMIT: that becomes the genuine daemon after it started the helper is served', async () => {
      const folder = await room();
      await mkdir(join(folder, 'real'));
      await copyFile('/bin/sleep', join(folder, 'real/daemon'));
      const swap = await run({ ...evil, parent: 'bin/evil', under: ['late', 'exec=real/daemon'] }, folder);
      expect(swap).toMatchObject({ out: 'pwned\n', err: '', left: [] });
    });

    rowAsRoot('cannot borrow rights from a set-uid copy', async () => {
      const { folder } = await lab();
      await chmod(join(folder, 'elevated'), 0o4755);
      const outcome = await run({ ...evil, build: 'elevated', user: NOBODY });
      refused(outcome, 'refusing to run set-uid or set-gid');
    });

    rowAsRoot('cannot borrow rights from a copy with capabilities', async () => {
      const { folder } = await lab();
      const prepared = await run({ given: ['true'], under: [`capable=${join(folder, 'capable')}`] });
      expect(prepared.status).toBe(0);
      refused(await run({ ...evil, build: 'capable', user: NOBODY }), 'refusing to run set-uid or set-gid');
    });
  });

  describe('what a caller hands down', () => {
    row('a blocked SIGALRM does not lift the time limit', async () => {
      cut(await run({ under: [`block=${SIGALRM}`], given: ['sleep 6; echo survived'] }), ...TIMED_OUT);
    });

    row('a blocked SIGALRM does not let it wait for ever for a script', async () => {
      const { input, outcome } = await (await lab()).start({ under: [`block=${SIGALRM}`], given: ['-'] });
      cut(await outcome, ...TIMED_OUT);
      input.end();
    });

    row('an ignored SIGCHLD does not lose the exit status', async () => {
      ran(await run({ under: [`ignore=${SIGCHLD}`], given: ['exit 7'] }), '', 7);
    });

    row('an ignored SIGTERM is not ignored by the script', async () => {
      ran(await run({ under: [`ignore=${SIGTERM}`], given: ['kill -TERM $$; echo survived'] }), '', 143);
    });

    row('no variable of the environment reaches the script', async () => {
      const folder = await room();
      const trap = join(folder, 'trap');
      await writeFile(trap, 'echo TRAPPED\n');
      const hostile = { ENV: trap, BASH_ENV: trap, SHELLOPTS: 'xtrace', PS4: '$(echo PS4 >&2)' };
      const more = {
        'BASH_FUNC_ls%%': '() { echo FUNC; }',
        LD_LIBRARY_PATH: folder,
        PYTHONPATH: folder,
        IFS: 'e',
      };
      const { out, err } = await run({ env: { ...hostile, ...more }, given: ['env'] }, folder);
      const names = out.split('\n').map((line) => line.split('=')[0]);
      const ours = ['PATH', 'HOME', 'SHELL', 'LANG', 'LC_ALL', 'TMPDIR', 'IFS'];
      const ofShells = ['PWD', 'OLDPWD', 'SHLVL', '_', '', '\t'];
      expect(names.filter((name) => ![...ours, ...ofShells].includes(name!))).toEqual([]);
      expect(out).toContain('PATH=/usr/bin:/bin:/usr/sbin:/sbin\n');
      expect(err).toBe('');
    });

    row('programs of a hostile PATH are not found', async () => {
      const folder = await room();
      await writeFile(join(folder, 'ls'), '#!/bin/sh\necho EVIL\n', { mode: 0o755 });
      ran(await run({ env: { PATH: `${folder}:/usr/bin:/bin` }, given: ['ls -d /'] }, folder), '/\n');
    });

    rowOnLinux('closed standard descriptors are /dev/null', async () => {
      ran(await run({ under: ['close=0'], given: ['readlink /proc/$$/fd/0'] }), '/dev/null\n');
      const { err } = await run({
        under: ['close=1'],
        given: ['set -- $(readlink /proc/$$/fd/1); echo $1 >&2'],
      });
      expect(err).toBe('/dev/null\n');
      const all = await run({
        under: ['close=0', 'close=1', 'close=2'],
        given: ['readlink /proc/$$/fd/2; exit 3'],
      });
      ran(all, '', 3);
    });

    rowOnLinux('open descriptors are closed, and none of the helper’s own is added', async () => {
      // The fourth is the one that ls reads the folder with.
      ran(await run({ under: ['leak=9', 'leak=251'], given: ['ls /proc/self/fd'] }), '0\n1\n2\n3\n');
    });

    row('a file size limit is an error, not a death', async () => {
      refused(
        await run({ under: ['fsize=0'], given: ['echo hi'] }),
        'cannot write the script: File too large',
      );
    });

    row('a message that nobody reads does not kill the helper before it has cleaned up', async () => {
      const outcome = await run({ under: ['broken=2', 'fsize=0'], given: ['echo hi'] });
      expect(outcome).toMatchObject({ status: 1, out: '', left: [] });
    });

    row('working folder, umask and core limit are the helper’s own', async () => {
      ran(await run({ under: ['umask=0', 'core=4096'], given: ['pwd; umask; ulimit -c'] }), '/\n0022\n0\n');
    });

    rowOnLinux('the terminal is not the script’s: it leads a session of its own', async () => {
      ran(await run({ given: ['set -- $(cat /proc/$$/stat); [ "$6" = $$ ] && echo leader'] }), 'leader\n');
    });
  });

  describe('a script', () => {
    row('that is empty is refused', async () => {
      refused(await run({ given: [''] }), 'script is empty');
      refused(await run({ given: ['-'], input: '' }), 'script is empty');
    });

    row('is one argument', async () => {
      refused(await run({ given: [] }), 'usage: Helper <script | ->');
      refused(await run({ given: ['true', 'true'] }), 'usage: Helper <script | ->');
    });

    rowOnLinux('is not looked for where there are no arguments at all', async () => {
      refused(await run({ under: ['argc=0'], given: ['echo pwned'] }), 'usage: Helper <script | ->');
    });

    rowOnLinux('LIMIT: as an argument has at most 131071 bytes, which the system sets', async () => {
      const longest = `echo ok #${'x'.repeat(131071 - 9)}`;
      ran(await run({ given: [longest] }), 'ok\n');
      await expect(run({ given: [`${longest}x`] })).rejects.toMatchObject({ code: 'E2BIG' });
    });

    row('from standard input has at most 1 MiB', async () => {
      const longest = `echo ok #${'x'.repeat(MEBIBYTE - 9)}`;
      ran(await run({ given: ['-'], input: longest }), 'ok\n');
      refused(await run({ given: ['-'], input: `${longest}x` }), 'script is larger than 1048576 bytes');
    });

    row('with a NUL byte is refused: the shell would see another script than a reader', async () => {
      refused(await run({ given: ['-'], input: 'echo ok\0\n' }), 'script contains a NUL byte');
    });

    row('from standard input cannot read on where it came from', async () => {
      ran(await run({ given: ['-'], input: 'cat; echo end' }), 'end\n');
    });

    rowOnLinux('from standard input has /dev/null there in its place', async () => {
      ran(await run({ given: ['-'], input: 'readlink /proc/$$/fd/0' }), '/dev/null\n');
    });

    row('that is not sent to its end in time does not run', async () => {
      const { input, outcome } = await (await lab()).start({ given: ['-'] });
      input.write('echo half; ');
      cut(await outcome, ...TIMED_OUT);
      input.end();
    });

    rowOnLinux('is not shown by ps once it runs', async () => {
      const running = await (await lab()).start({ given: ['echo started; sleep 1 # hunter2'] });
      const pid = await running.pid;
      await running.speaks;
      expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).toMatch(/helper\0+$/);
      expect(await running.outcome).toMatchObject({ status: 0 });
    });
  });

  describe('the temporary file', () => {
    row('is readable by its owner alone, and gone afterwards', async () => {
      const { out, left } = await run({ under: ['umask=0'], given: ['ls -l "$0"'] });
      expect(out).toMatch(/^-rw-------[^\n]*\/tmp\/helper_\w{6}\n$/);
      expect(left).toEqual([]);
    });

    row('that cannot be made is an error', async () => {
      const folder = await room();
      await rm(join(folder, 'tmp'), { recursive: true });
      const outcome = await run({ given: ['echo hi'] }, folder);
      refused(outcome, 'cannot create a file in tmp: No such file or directory');
    });

    rowWhen(canMount, 'needs unshare', 'that does not fit on the disk is an error', async () => {
      const big = `echo ok #${'x'.repeat(200_000)}`;
      const outcome = await run({ through: SMALL_DISK, given: ['-'], input: big });
      refused(outcome, 'cannot write the script: No space left on device');
    });

    row('is not made in a folder where others could replace it', async () => {
      refused(await run({ given: ['echo hi'] }, await room(0o777)), 'is writable by others and not sticky');
      refused(await run({ given: ['echo hi'] }, await room(0o770)), 'is writable by others and not sticky');
      ran(await run({ given: ['echo hi'] }, await room(0o1777)), 'hi\n');
    });

    rowAsRoot('is not made in a folder of another user', async () => {
      const folder = await room();
      await chown(join(folder, 'tmp'), NOBODY, NOBODY);
      refused(await run({ given: ['echo hi'] }, folder), 'belongs to another user');
    });

    row('is made where a link leads, and judged by that folder', async () => {
      const folder = await room();
      await rename(join(folder, 'tmp'), join(folder, 'real'));
      await symlink('real', join(folder, 'tmp'));
      expect((await run({ given: ['echo "$0"'] }, folder)).out).toContain('/real/helper_');
      await chmod(join(folder, 'real'), 0o777);
      refused(await run({ given: ['echo hi'] }, folder), 'is writable by others and not sticky');
    });
  });

  describe('a script that does not end', () => {
    row('is ended when its time is up', async () => {
      const outcome = await run({ given: ['sleep 30'] });
      cut(outcome, ...TIMED_OUT);
      expect(outcome.seconds).toBeGreaterThan(1.9);
    });

    row('and ignores SIGTERM is killed after the grace period', async () => {
      const outcome = await run({ given: ['trap "" TERM; while :; do sleep 0.2; done'] });
      cut(outcome, ...TIMED_OUT);
      expect(outcome.seconds).toBeGreaterThan(2.9);
    });

    row('may clean up in the grace period', async () => {
      const outcome = await run({ given: ['trap "echo bye; exit" TERM; while :; do sleep 0.2; done'] });
      expect(outcome).toMatchObject({ status: 124, out: 'bye\n', left: [] });
    });

    row('has its background jobs asked as well', async () => {
      const job = '(trap "echo bye; exit" TERM; while :; do sleep 0.1; done) & trap : TERM';
      const outcome = await run({ given: [`${job}; wait; sleep 0.5`] });
      expect(outcome).toMatchObject({ status: 124, out: 'bye\n', left: [] });
    });

    row('because it stopped itself is ended', async () => {
      const outcome = await run({ given: ['kill -STOP $$; echo never'] });
      cut(outcome, ...TIMED_OUT);
      expect(outcome).toMatchObject({ out: '' });
      expect(outcome.seconds).toBeLessThan(2.9); // Woken up to be asked, not killed after the grace period.
    });

    row('takes its background jobs with it', async () => {
      const folder = await room();
      const job = `(trap "" TERM; sleep 2.7; : > ${join(folder, 'job')}) & sleep 30`;
      cut(await run({ given: [job] }, folder), ...TIMED_OUT);
      await sleep(1500);
      expect(existsSync(join(folder, 'job'))).toBe(false);
    });

    rowOnLinux('LIMIT: does not take along a job with a session of its own', async () => {
      const folder = await room();
      const job = `setsid sh -c "sleep 3; : > ${join(folder, 'job')}" > /dev/null 2>&1 & sleep 30`;
      cut(await run({ given: [job] }, folder), ...TIMED_OUT);
      await sleep(1500);
      expect(existsSync(join(folder, 'job'))).toBe(true);
    });
  });

  describe('a signal to the helper', () => {
    for (const [name, signal] of Object.entries({ SIGTERM, SIGHUP }))
      row(`${name} ends the script, and its background jobs`, async () => {
        const folder = await room();
        const job = `(trap "" TERM HUP; sleep 1; : > ${join(folder, 'job')}) & sleep 4; echo done`;
        const outcome = await run({ under: [`send=${signal}@500`], given: [job] }, folder);
        cut(outcome, 128 + signal);
        expect(outcome.out).toBe('');
        await sleep(1000);
        expect(existsSync(join(folder, 'job'))).toBe(false);
      });

    row('is followed by SIGKILL when the script ignores it', async () => {
      const given = ['trap "" TERM; while :; do sleep 0.2; done'];
      cut(await run({ under: [`send=${SIGTERM}@300`], given }), 128 + SIGTERM);
    });

    rowOnLinux('LIMIT: SIGKILL ends the script too, but leaves the temporary file', async () => {
      const folder = await room();
      const given = [`echo started; sleep 1; : > ${join(folder, 'survived')}`];
      const running = await (await lab()).start({ given }, folder);
      const pid = await running.pid;
      await running.speaks;
      process.kill(pid, 'SIGKILL');
      const { status, left } = await running.outcome;
      expect(status).toBe(137);
      expect(left).toEqual([expect.stringMatching(/^helper_\w{6}$/)]);
      await sleep(1500);
      expect(existsSync(join(folder, 'survived'))).toBe(false);
    });
  });

  describe('what is told', () => {
    row('a shell that cannot be started is an error of the helper’s', async () => {
      const outcome = await run({ build: 'shellless', given: ['echo hi'] });
      refused(outcome, 'cannot run /bin/sh: No such file or directory');
    });

    row('the system log, where it is wanted, has who ran how much and how it ended', async () => {
      const { err } = await run({ build: 'logging', given: ['exit 7 # hunter2'] });
      expect(err).toMatch(/^<85> Helper: uid \d+, parent \d+ \/.*\/bin\/daemon, 16 bytes, status 7\n$/);
      const late = await run({ build: 'logging', given: ['sleep 9'] });
      expect(late.err).toMatch(/^<85> Helper: uid .* status 124\nHelper: timed out\n$/);
    });

    row('the system log has the refusals', async () => {
      const { err } = await run({ build: 'logging', parent: 'bin/evil', given: ['true'] });
      expect(err).toBe(`<85> Helper: parent "evil" is not allowed\nHelper: parent "evil" is not allowed\n`);
    });
  });
});
