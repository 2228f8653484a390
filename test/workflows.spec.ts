import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../.github/workflows');
const WORKFLOWS = readdirSync(FOLDER).filter((name) => /\.ya?ml$/.test(name));

/** The `uses:` of a workflow, each with all that follows on its line. */
function used(workflow: string): string[] {
  return Array.from(workflow.matchAll(/^[\s-]*uses:\s*(.*)$/gm), ([, what]) => what!);
}

/** By the hash of a commit, which nobody can move, with its version for people and for update bots. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

describe.each(WORKFLOWS)('the workflow %s', (name) => {
  const workflow = readFileSync(join(FOLDER, name), 'utf8');

  it('pins every action by the hash of a commit', () => {
    const actions = used(workflow);
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => !PINNED.test(action))).toEqual([]);
  });

  it('may read the repository and nothing else', () => {
    const [, block] = /^permissions:\n((?: {2}.*\n)+)/m.exec(workflow) ?? [];
    expect(block).toBe('  contents: read\n');
    expect(workflow.match(/permissions:/g)).toHaveLength(1);
  });

  it('knows no secrets, leaves no token behind, and takes no code from strangers with rights of its own', () => {
    expect(workflow).not.toMatch(/secrets\.|pull_request_target|workflow_run/);
    const checkouts = used(workflow).filter((action) => action.startsWith('actions/checkout@'));
    expect(workflow.match(/persist-credentials: false/g)).toHaveLength(checkouts.length);
  });

  it('stops the run that it replaces, or waits for it', () => {
    expect(workflow).toMatch(/^concurrency:\n {2}group: /m);
  });
});

describe('all workflows', () => {
  it('agree on the version of each action', () => {
    const actions = WORKFLOWS.flatMap((name) => used(readFileSync(join(FOLDER, name), 'utf8')));
    const names = actions.map((action) => action.slice(0, action.indexOf('@')));
    expect(new Set(actions).size).toBe(new Set(names).size);
  });
});
