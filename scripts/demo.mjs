// `npm run demo`: a Mac program with a helper app is generated, built, signed, verified and zipped, on whatever machine
// this is, in a throw-away Nx workspace with the packed plugin. Then a real Mac binary from npm is signed.
// The last line is `N passed, N failed`, counting the steps.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDaemon, buildDaemon } from '../e2e/daemon-project.mjs';
import { main } from './run.mjs';
import { conclude } from './tally.mjs';
import { createWorkspace, packPlugin } from './workspace.mjs';

/** A program for Macs that its maker publishes unsigned: real input, not of our making. */
const REAL = {
  package: 'node-pty@1.1.0',
  path: 'node_modules/node-pty/prebuilds/darwin-x64/spawn-helper',
};

let steps = 0;
await main(() => {
  const workspace = prepare();
  try {
    demonstrate(workspace);
    writeSummary(workspace);
    report(workspace);
    conclude({ passed: steps, failed: 0, skipped: 0 });
  } catch (error) {
    console.error(`\n✖ ${error instanceof Error ? error.message : String(error)}`);
    console.error(`  the workspace is kept in ${workspace.folder}`);
    conclude({ passed: steps - 1, failed: 1, skipped: 0 });
  }
});

/** @typedef {import('./workspace.mjs').Workspace} Workspace */

function prepare() {
  const folder = mkdtempSync(join(tmpdir(), 'nx-codesign-demo-'));
  try {
    step('building and packing the plugin');
    const tarball = packPlugin(folder);
    step('making a throw-away Nx workspace with it');
    return createWorkspace({ packages: [tarball] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {Workspace} workspace */
function demonstrate(workspace) {
  const nx = (/** @type {string[]} */ ...args) => {
    const { status, stdout, stderr } = workspace.nx(args);
    show(stdout);
    if (status !== 0) throw new Error(`nx ${args.join(' ')} failed\n${stdout}\n${stderr}`);
  };

  step('generating signing for the project daemon');
  addDaemon(workspace);
  const answers = ['--identifier=com.example.daemon', '--identity=self-signed', '--no-interactive'];
  nx('g', 'nx-codesign:signing', 'daemon', ...answers);

  step('compiling the daemon for both kinds of Mac');
  show(buildDaemon(workspace));

  step('building its helper: compile, bundle, sign, verify, zip');
  nx('run', 'daemon:build-helper');

  step('signing the daemon');
  nx('run', 'daemon:sign');

  step('verifying both');
  nx('run', 'daemon:verify', '--excludeTaskDependencies');

  step(`signing a real Mac binary, spawn-helper of ${REAL.package}`);
  addRealBinary(workspace);
  for (const target of ['look', 'sign', 'verify']) nx('run', `real:${target}`);
}

/** @param {string} text */
function step(text) {
  steps += 1;
  console.log(`\n▸ ${text}`);
}

/**
 * What a task or a generator says, without Nx's frame around it.
 * @param {string} output
 */
function show(output) {
  const [body = ''] = output.split(/^ *NX {3}(?:Successfully )?ran /imu);
  const lines = body.split('\n').filter((line) => /^(?: {2,}[^ ]|[✔!]|CREATE|UPDATE|built)/u.test(line));
  console.log(lines.map((line) => `  ${line}`).join('\n'));
}

/** @param {Workspace} workspace */
function addRealBinary(workspace) {
  workspace.install([REAL.package]);
  const signed = 'real/signed/spawn-helper';
  workspace.write('real/project.json', {
    name: 'real',
    targets: {
      look: { executor: 'nx-codesign:inspect', options: { path: REAL.path } },
      sign: {
        executor: 'nx-codesign:sign',
        options: {
          path: REAL.path,
          outputPath: 'real/signed',
          identity: 'self-signed',
          identifier: 'com.example.spawn-helper',
        },
      },
      verify: { executor: 'nx-codesign:verify', options: { path: signed } },
    },
  });
}

/**
 * What was signed, for people: from the receipts, which hold the same for programs.
 * @param {Workspace} workspace
 */
function writeSummary(workspace) {
  const folders = ['apps/daemon/dist-helper', 'apps/daemon/dist-signed', 'real/signed'];
  const receipts = folders.flatMap((folder) =>
    readdirSync(workspace.path(folder))
      .filter((name) => name.endsWith('.receipt.json'))
      .map((name) => workspace.readJson(join(folder, name))),
  );
  workspace.write('summary.md', ['# What was signed', '', ...receipts.map(section)].join('\n'));
}

/** @param {any} receipt of sign or of build-helper */
function section(receipt) {
  /** @type {import('../src/engine/receipt.js').Receipt} */
  const { certificate, files } = receipt.signature ?? receipt;
  const rows = files.flatMap(({ path, identifier, slices }) =>
    slices.map(
      ({ arch, cdhashes }) => `| ${path} | ${arch} | ${identifier} | \`${cdhashes.at(-1)?.cdhash}\` |`,
    ),
  );
  return [
    `## ${receipt.bundle ?? receipt.outputPath}`,
    '',
    certificate ? `Signed by ${certificate.subject}, valid until ${certificate.notAfter}.` : 'Signed ad-hoc.',
    '',
    '| file | architecture | identifier | cdhash |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'The requirement that every later version will satisfy too, so that granted permissions last:',
    '',
    '```',
    files.at(-1)?.designatedRequirement,
    '```',
    '',
  ].join('\n');
}

/** @param {Workspace} workspace */
function report(workspace) {
  const results = {
    'signed app': 'apps/daemon/dist-helper/DaemonHelper.app',
    'its ZIP': 'apps/daemon/dist-helper/DaemonHelper.app.zip',
    'signed daemon': 'apps/daemon/dist-signed/daemon',
    'signed real binary': 'real/signed/spawn-helper',
    summary: 'summary.md',
  };
  console.log('\nwhat exists now');
  for (const [name, path] of Object.entries(results)) {
    if (!existsSync(workspace.path(path))) throw new Error(`${path} is missing`);
    console.log(`  ${name.padEnd(18)} ${workspace.path(path)}`);
  }
  console.log(`\nremove it all by deleting ${workspace.folder}`);
}
