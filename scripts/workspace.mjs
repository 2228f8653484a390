// A real Nx workspace in a temporary folder, with the packed plugin installed: for the e2e tests and the demo.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies, npm } from './run.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @type {Record<string, { nx: string; devkit: string }>} */
const NX = {
  22: { nx: '22.7.9', devkit: '22.7.9' },
  23: { nx: '23.3.2', devkit: '23.3.2' },
  24: { nx: '24.0.6', devkit: '24.0.0' },
};

/**
 * Builds the plugin and packs it as it would be published; returns the path of the tarball.
 * @param {string} folder
 */
export function packPlugin(folder) {
  installDependencies(root);
  const output = npm(['pack', '--json', '--loglevel=error', '--pack-destination', folder], { cwd: root });
  const [{ filename }] = JSON.parse(output.slice(output.indexOf('['))); // The build may have said something first.
  return join(folder, filename);
}

/**
 * Makes a workspace with Nx of the given major version; `packages` are installed with it.
 * @param {{ major?: string; packages?: string[] }} [options]
 */
export function createWorkspace({ major = '24', packages = [] } = {}) {
  const version = NX[major];
  if (!version) throw new Error(`Nx ${major} is not one of ${Object.keys(NX).join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'nx-codesign-workspace-'));
  const workspace = new Workspace(folder);
  workspace.write('package.json', { name: 'workspace', private: true });
  workspace.write('nx.json', { analytics: false });
  workspace.write('.gitignore', 'node_modules\n.nx\ndist\n');
  workspace.install([`nx@${version.nx}`, `@nx/devkit@${version.devkit}`, ...packages]);
  return workspace;
}

export class Workspace {
  /** @param {string} folder an existing folder */
  constructor(folder) {
    this.folder = folder;
    this.env = environment(folder);
  }

  /** @param {string[]} parts */
  path(...parts) {
    return join(this.folder, ...parts);
  }

  /** @param {string} path */
  read(path) {
    return readFileSync(this.path(path), 'utf8');
  }

  /** @param {string} path @returns {any} */
  readJson(path) {
    return JSON.parse(this.read(path));
  }

  /**
   * @param {string} path
   * @param {string | object} content an object is written as JSON, bytes as they are
   */
  write(path, content) {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    const isText = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(this.path(path), isText ? content : `${JSON.stringify(content, null, 2)}\n`);
  }

  /** @param {string[]} packages */
  install(packages) {
    // No install scripts: nothing here needs one.
    const flags = [
      '--save-dev',
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    npm(['install', ...flags, ...packages], { cwd: this.folder, env: this.env });
  }

  /**
   * Runs `nx …`; returns its exit status and what it printed.
   * @param {string[]} args
   * @param {{ env?: Record<string, string> }} [options]
   */
  nx(args, { env = {} } = {}) {
    const { bin } = this.readJson('node_modules/nx/package.json');
    const result = spawnSync(process.execPath, [this.path('node_modules/nx', bin.nx), ...args], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { status: result.status, stdout: result.stdout, stderr: result.stderr };
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * No daemon that outlives us, no cache or identity of the user's, and nothing of an Nx that may run us: Nx hands its own
 * settings down in NX_… variables.
 * @param {string} folder
 */
function environment(folder) {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:CI$|NX_|APPLE_|npm_config_(?!registry|cache|userconfig))/u.test(name),
  );
  return {
    ...Object.fromEntries(own),
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    NX_CODESIGN_HOME: join(folder, '.home'),
    NO_COLOR: '1',
  };
}
