// Two things that Jest does not do by itself:
// 1. our ES module sources import './x.js' while the file on disk is './x.ts';
// 2. dependencies that ship only ES modules are loaded by Node's own require, through one bridge file each.
const fs = require('node:fs');
const path = require('node:path');

const ESM_ONLY = new Set(['execa', 'jose', '@octokit/rest', 'archiver', 'fs-extra/esm']);
const bridges = path.join(__dirname, '..', '..', 'node_modules', '.cache', 'jest-esm-bridge');

function bridgeTo(request) {
  const file = path.join(bridges, `${request.replace(/[@/]/g, '_')}.cjs`);
  if (!fs.existsSync(file)) {
    fs.mkdirSync(bridges, { recursive: true });
    fs.writeFileSync(file, `module.exports = globalThis.__nativeRequire(${JSON.stringify(request)});\n`);
  }
  return file;
}

module.exports = (request, options) => {
  if (ESM_ONLY.has(request)) return bridgeTo(request);
  const isOwnSource =
    request.startsWith('.') && request.endsWith('.js') && !options.basedir.includes('node_modules');
  if (isOwnSource) {
    const source = path.resolve(options.basedir, request.replace(/\.js$/, '.ts'));
    if (fs.existsSync(source)) return source;
  }
  return options.defaultResolver(request, options);
};
