// The packed plugin in a real Nx workspace: what `scripts/e2e.mjs [22|23|24]` runs.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { createWorkspace } from '../scripts/workspace.mjs';
import { addDaemon, buildDaemon, writeDaemonSource } from './daemon-project.mjs';

const { NX_CODESIGN_TARBALL: tarball, NX_CODESIGN_E2E_NX: major = '24' } = process.env;
const SIGNED = 'apps/daemon/dist-signed/daemon';

/** @type {import('../scripts/workspace.mjs').Workspace} */
let workspace;

before(() => {
  assert.ok(tarball, 'run this by scripts/e2e.mjs, which packs the plugin');
  workspace = createWorkspace({ major });
});
after(() => {
  workspace?.remove();
});

/**
 * Runs nx and expects it to succeed.
 * @param {string[]} args
 */
function nx(...args) {
  const result = workspace.nx(args);
  assert.equal(result.status, 0, `nx ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

/**
 * Runs nx and expects it to fail; returns all it said.
 * @param {string[]} args
 */
function failing(args) {
  const { status, stdout, stderr } = workspace.nx(args);
  assert.equal(status, 1, `nx ${args.join(' ')} should have failed\n${stdout}\n${stderr}`);
  return stdout + stderr;
}

/** Every file that a generator could write, with its content: to compare before and after. */
function tree() {
  const paths = readdirSync(workspace.folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^(?:node_modules|\.nx|\.home)\b/.test(path))
    .filter((path) => statSync(workspace.path(path)).isFile());
  return Object.fromEntries(paths.sort().map((path) => [path, workspace.read(path)]));
}

/** @returns {import('../src/engine/receipt.js').Receipt & { settings: Record<string, string> }} */
const receipt = () => workspace.readJson(`${SIGNED}.receipt.json`);

function signedFile() {
  const [file] = receipt().files;
  assert.ok(file);
  return file;
}

const cdhashes = () => signedFile().slices.flatMap((slice) => slice.cdhashes.map(({ cdhash }) => cdhash));

describe(`nx-codesign in Nx ${major}`, () => {
  it('is added by nx add, which keeps secrets out of git', () => {
    nx('add', `nx-codesign@file:${tarball}`);
    assert.match(workspace.read('.gitignore'), /^\*\.p12$/m);
    assert.ok(workspace.readJson('package.json').devDependencies['nx-codesign']);
  });

  it('shows its executors and generators', () => {
    const text = nx('list', 'nx-codesign');
    for (const name of ['signing', 'sign', 'verify', 'inspect', 'build-helper', 'remove-signature']) {
      assert.match(text, new RegExp(`^${name}\\b`, 'm'));
    }
  });

  describe('the generator signing', () => {
    const generate = (/** @type {string[]} */ ...flags) =>
      nx(
        'g',
        'nx-codesign:signing',
        'daemon',
        '--identifier=com.example.daemon',
        '--identity=adhoc',
        '--no-interactive',
        ...flags,
      );

    it('changes nothing in a dry run', () => {
      addDaemon(workspace);
      const before = tree();
      assert.match(generate('--dry-run'), /CREATE apps\/daemon\/signing\.config\.json/);
      assert.deepEqual(tree(), before);
    });

    it('writes settings, a helper and targets', () => {
      const text = generate();
      assert.match(text, /CREATE apps\/daemon\/helper\/helper\.c/);
      assert.match(text, /UPDATE apps\/daemon\/project\.json/);
      assert.deepEqual(Object.keys(workspace.readJson('apps/daemon/project.json').targets), [
        'build',
        'build-helper',
        'sign',
        'verify',
      ]);
    });

    it('points editors at the schema that is installed', () => {
      const { $schema } = workspace.readJson('apps/daemon/signing.config.json');
      assert.ok(existsSync(workspace.path('apps/daemon', $schema)));
    });

    it('changes nothing the second time', () => {
      const before = tree();
      generate();
      assert.deepEqual(tree(), before);
    });

    it('refuses a value that is more than a name, and writes nothing', () => {
      const before = tree();
      const text = failing([
        'g',
        'nx-codesign:signing',
        'daemon',
        '--helperName="; system("id',
        '--no-interactive',
      ]);
      assert.match(text, /helperName/);
      assert.deepEqual(tree(), before);
    });
  });

  describe('nx run daemon:sign', () => {
    it('signs what the build leaves, into a folder of its own, with a receipt', () => {
      buildDaemon(workspace);
      assert.match(nx('run', 'daemon:sign'), /✔ signed .*dist-signed.daemon/);
      assert.deepEqual(
        signedFile()
          .slices.map(({ arch }) => arch)
          .sort(),
        ['arm64', 'x86_64'],
      );
      assert.equal(signedFile().identifier, 'com.example.daemon');
      assert.match(String(receipt().settings.identity), /options of the target/);
    });

    it('answers from the cache, and brings back what was deleted', () => {
      const signed = readFileSync(workspace.path(SIGNED));
      rmSync(workspace.path('apps/daemon/dist-signed'), { recursive: true });
      assert.match(nx('run', 'daemon:sign'), /local cache/);
      assert.deepEqual(readFileSync(workspace.path(SIGNED)), signed);
    });

    it('signs anew after a rebuild', () => {
      const before = cdhashes();
      writeDaemonSource(workspace, '1.1');
      assert.doesNotMatch(nx('run', 'daemon:sign'), /cache.*daemon:sign/);
      assert.notDeepEqual(cdhashes(), before);
      assert.match(readFileSync(workspace.path(SIGNED), 'latin1'), /daemon 1\.1 is running/);
    });

    it('signs anew when NX_CODESIGN_IDENTITY asks for another identity', () => {
      const { status, stdout, stderr } = workspace.nx(['run', 'daemon:sign'], {
        env: { NX_CODESIGN_IDENTITY: 'self-signed' },
      });
      assert.equal(status, 0, stdout + stderr);
      assert.notEqual(receipt().identity.kind, 'adhoc');
      nx('run', 'daemon:sign');
      assert.equal(receipt().identity.kind, 'adhoc');
    });

    it('prints a plan and changes nothing with --dryRun', () => {
      rmSync(workspace.path('apps/daemon/dist-signed'), { recursive: true });
      assert.match(nx('run', 'daemon:sign', '--dryRun'), /would sign/);
      assert.equal(existsSync(workspace.path(SIGNED)), false);
    });

    it('fails without a certificate in production, and says what to do', () => {
      const text = failing(['run', 'daemon:sign:production']);
      assert.match(text, /✖ .*APPLE_CERTIFICATE.* \[NO_IDENTITY\]\n {2}→ /);
      assert.equal(existsSync(workspace.path(SIGNED)), false);
    });

    it('names an option that it does not know', () => {
      assert.match(failing(['run', 'daemon:sign', '--identty=adhoc']), /'identty' is not found in schema/);
    });

    it('names a setting that it does not know', () => {
      const config = workspace.readJson('apps/daemon/signing.config.json');
      workspace.write('apps/daemon/signing.config.json', { ...config, identty: 'adhoc' });
      assert.match(
        failing(['run', 'daemon:sign']),
        /signing\.config\.json: "identty" is not a setting \[INVALID_OPTION\]/,
      );
      workspace.write('apps/daemon/signing.config.json', config);
    });
  });

  describe('nx run daemon:verify', () => {
    it('builds, signs and finds everything valid', () => {
      assert.match(nx('run', 'daemon:verify'), /✔ valid: .*dist-signed.daemon, .*DaemonHelper\.app/);
    });

    it('is never answered from the cache', () => {
      assert.doesNotMatch(nx('run', 'daemon:verify'), /cache\].*daemon:verify|daemon:verify.*cache\]/);
    });

    it('finds one changed byte', () => {
      const path = 'apps/daemon/tampered';
      cpSync(workspace.path(SIGNED), workspace.path(path));
      const bytes = readFileSync(workspace.path(path));
      bytes.write('D', bytes.indexOf('daemon 1.1 is running'));
      workspace.write(path, bytes);
      assert.match(failing(['run', 'daemon:verify', `--path=${path}`]), /✖ not valid: apps.daemon.tampered/);
    });
  });

  describe('nx run daemon:build-helper', () => {
    const output = (/** @type {string} */ name) => workspace.path('apps/daemon/dist-helper', name);

    it('leaves a signed app, its ZIP and a checksum', () => {
      nx('run', 'daemon:build-helper');
      for (const name of [
        'DaemonHelper.app/Contents/MacOS/DaemonHelper',
        'DaemonHelper.app.zip',
        'DaemonHelper.app.zip.sha256',
        'helper.env',
      ]) {
        assert.ok(existsSync(output(name)), name);
      }
    });

    it('answers from the cache, and brings back a bundle that is still valid', () => {
      rmSync(workspace.path('apps/daemon/dist-helper'), { recursive: true });
      assert.match(nx('run', 'daemon:build-helper'), /local cache/);
      nx('run', 'daemon:verify', '--path=apps/daemon/dist-helper/DaemonHelper.app');
    });

    it('shows the compiler error of a broken source and keeps the last output', () => {
      const source = workspace.read('apps/daemon/helper/helper.c');
      workspace.write('apps/daemon/helper/helper.c', 'int main(void) { return x; }\n');
      assert.match(failing(['run', 'daemon:build-helper']), /\[COMPILE_FAILED\]/);
      assert.ok(existsSync(output('DaemonHelper.app.zip')));
      workspace.write('apps/daemon/helper/helper.c', source);
    });
  });

  describe('inspect and remove-signature', () => {
    before(() => {
      const project = workspace.readJson('apps/daemon/project.json');
      project.targets.inspect = {
        executor: 'nx-codesign:inspect',
        options: { path: SIGNED, outputFile: 'inspection.json' },
      };
      project.targets.strip = {
        executor: 'nx-codesign:remove-signature',
        options: { path: SIGNED, outputPath: 'stripped' },
      };
      workspace.write('apps/daemon/project.json', project);
    });

    it('shows what a signature says', () => {
      assert.match(nx('run', 'daemon:inspect'), /arm64[\s\S]*com\.example\.daemon/);
      /** @type {{ slices: { signature: { codeDirectories: { cdhash: string }[] } }[] }} */
      const { slices } = workspace.readJson('inspection.json');
      assert.deepEqual(
        slices.map(({ signature }) => signature.codeDirectories[0]?.cdhash),
        cdhashes(),
      );
    });

    it('writes a copy without a signature', () => {
      nx('run', 'daemon:strip');
      assert.match(failing(['run', 'daemon:verify', '--path=stripped/daemon']), /not signed/);
    });
  });

  it('keeps the designated requirement over an update when the identity is self-signed', () => {
    const sign = () => {
      nx('run', 'daemon:sign', '--identity=self-signed');
      return { requirement: signedFile().designatedRequirement, cdhashes: cdhashes() };
    };
    const first = sign();
    writeDaemonSource(workspace, '1.2');
    const second = sign();
    assert.match(
      first.requirement,
      /^identifier "com\.example\.daemon" and certificate leaf = H"[0-9a-f]{40}"$/,
    );
    assert.equal(second.requirement, first.requirement);
    assert.notDeepEqual(second.cdhashes, first.cdhashes);
  });
});
