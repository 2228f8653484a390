/** @type {import('jest').Config} */
module.exports = {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testEnvironment: '<rootDir>/test/jest/environment.cjs',
  resolver: '<rootDir>/test/jest/resolver.cjs',
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  testTimeout: 30_000,
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
};
