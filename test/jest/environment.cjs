// Jest 30 cannot load ES modules on Node 20, but Node itself can require() them.
// This hands Node's own require to the resolver's bridge files (see resolver.cjs).
const { TestEnvironment } = require('jest-environment-node');
const { createRequire } = require('node:module');

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.__nativeRequire = createRequire(__filename);
  }
};
