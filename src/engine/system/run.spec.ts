import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { compiledEngine } from '../../../test/compiled-engine.js';
import { SigningError } from './error.js';
import { run, type RunOptions } from './run.js';
import { Secret } from './secret.js';

const node = process.execPath;
const script = (source: string, args: readonly (string | Secret)[] = [], options: RunOptions = {}) =>
  run(node, ['-e', source, ...args], options);

async function failureOf(work: Promise<unknown>): Promise<SigningError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof SigningError) return outcome;
  throw new Error(`expected a SigningError, got ${inspect(outcome)}`);
}

describe('when a program ends well', () => {
  it('gives both outputs as they were written', async () => {
    const result = await script('console.log("out"); console.error("err")');
    expect(result).toEqual({ stdout: 'out\n', stderr: 'err\n', exitCode: 0 });
  });

  it('hands over arguments without a shell', async () => {
    const args = ['$HOME', 'a b', '"', '*', ';', ''];
    const { stdout } = await script('console.log(JSON.stringify(process.argv.slice(1)))', args);
    expect(JSON.parse(stdout)).toEqual(args);
  });

  it('feeds the input, or nothing', async () => {
    const echo = 'process.stdin.pipe(process.stdout)';
    expect((await script(echo, [], { input: 'hello' })).stdout).toBe('hello');
    expect((await script(echo)).stdout).toBe('');
  });

  it('does not mind a program that never reads its input', async () => {
    expect((await script('', [], { input: 'x'.repeat(4 << 20) })).exitCode).toBe(0);
  });

  it('runs in the folder it is told', async () => {
    expect((await script('console.log(process.cwd())', [], { cwd: '/' })).stdout).toBe('/\n');
  });

  it('passes on only the variables that are named', async () => {
    const { stdout } = await script('console.log(Object.keys(process.env).sort().join())', [], {
      inherit: ['PATH'],
      env: { ADDED: 'yes' },
    });
    expect(stdout).toBe('ADDED,PATH\n');
  });

  it('takes the exit codes that the caller calls answers', async () => {
    expect((await script('process.exit(3)', [], { exitCodes: [0, 3] })).exitCode).toBe(3);
  });
});

describe('when a program fails', () => {
  it('names its exit code and its last words', async () => {
    const error = await failureOf(script('console.error("no such thing"); process.exitCode = 7'));
    expect(error.code).toBe('TOOL_FAILED');
    expect(error.message).toBe(`${node} failed with exit code 7: no such thing`);
  });

  it('keeps the last lines of a long complaint', async () => {
    const error = await failureOf(
      script('for (let i = 0; i < 999; i++) console.error("line " + i); process.exitCode = 1'),
    );
    expect(error.message).toMatch(/line 998$/);
    expect(error.message).not.toContain('line 900');
  });

  it('names the signal that killed it, whatever codes are answers', async () => {
    const error = await failureOf(
      script('process.kill(process.pid, "SIGSEGV")', [], { exitCodes: [0, 1, 139] }),
    );
    expect(error.message).toMatch(/was killed by SIGSEGV/);
  });

  it('says that it does not exist', async () => {
    const error = await failureOf(run('no-such-program-anywhere', []));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.message).toContain('no-such-program-anywhere');
  });

  it('says that it may not be started', async () => {
    expect((await failureOf(run('/etc/hostname', []))).code).toBe('TOOL_FAILED');
  });

  it('stops one that floods its output', async () => {
    const error = await failureOf(script('for (;;) require("fs").writeSync(1, "x".repeat(65536))'));
    expect(error.message).toMatch(/more than 16777216 characters/);
  });
});

describe('when time runs out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-spec-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('kills the program and what it started, even what ignores SIGTERM', async () => {
    const pidFile = join(folder, 'grandchild');
    const start = Date.now();
    const error = await failureOf(
      run('/bin/sh', ['-c', `trap '' TERM; sleep 60 & echo $! > ${pidFile}; echo waiting >&2; wait`], {
        timeout: 500,
      }),
    );
    expect(error.message).toMatch(/did not end within 0.5 seconds and was stopped: waiting/);
    expect(Date.now() - start).toBeLessThan(10_000);
    expect(isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
  });

  it('is not detained by a descendant that left the group and holds the output open', async () => {
    const pidFile = join(folder, 'escaped');
    const start = Date.now();
    const escape = `const c = require("child_process").spawn("sleep", ["60"], { detached: true, stdio: "inherit" });
      require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(c.pid)); setInterval(() => {}, 1000)`;
    try {
      const error = await failureOf(script(escape, [], { timeout: 700 }));
      expect(error.message).toMatch(/was stopped/);
      expect(Date.now() - start).toBeLessThan(10_000);
    } finally {
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    }
  });
});

describe('when we are stopped while a program runs', () => {
  const folder = compiledEngine();
  const driver = join(folder, 'driver.js');
  writeFileSync(
    driver,
    `import { run } from './dist/engine/system/run.js';
     await run('/bin/sh', ['-c', 'echo $$ > "$0"; sleep 60', process.argv[2]]);`,
  );
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('it dies with us on %s', async (signal) => {
    const pidFile = join(folder, signal);
    const driving = spawn(node, [driver, pidFile], { stdio: 'ignore' });
    const ended = new Promise((resolve) =>
      driving.on('exit', (_code, by) => {
        resolve(by);
      }),
    );
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    driving.kill(signal);
    expect(await ended).toBe(signal);
    await until(() => !isAlive(Number(readFileSync(pidFile, 'utf8'))));
  });
});

describe('when a secret is involved', () => {
  const secret = new Secret('correct horse\nbattery staple');

  it('reaches the program by argument, variable and input', async () => {
    const source =
      'let i = ""; process.stdin.on("data", (d) => (i += d)).on("end", () => console.log([process.argv[1], process.env.S, i].every((v) => v === "correct horse\\nbattery staple")))';
    expect((await script(source, [secret], { env: { S: secret }, input: secret })).stdout).toBe('true\n');
  });

  it('is in no field of the error, at any depth, nor in what the reporter is told', async () => {
    const told: string[] = [];
    const note = (text: string) => void told.push(text);
    const error = await failureOf(
      script('console.error("bad: " + process.argv[1]); process.exitCode = 1', [secret], {
        reporter: { step: note, warn: note, detail: note, progress: () => undefined },
      }),
    );
    expect(error.message).toMatch(/bad: \[secret\]$/);
    const everything = inspect(error, { depth: 20, showHidden: true }) + String(error.stack) + told.join();
    expect(everything).not.toMatch(/horse|battery/);
    expect(told.join()).toContain('[secret]');
  });

  it('is not half shown when another one is a part of it', async () => {
    const error = await failureOf(
      script('console.error("said " + process.argv[2]); process.exitCode = 1', [
        new Secret('abc'),
        new Secret('abcdef'),
      ]),
    );
    expect(error.message).toMatch(/said \[secret\]$/);
  });
});

function isAlive(pid: number): boolean {
  // A killed orphan may stay a zombie where nobody reaps: that is dead enough.
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !condition();) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
