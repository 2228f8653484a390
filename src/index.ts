// `import … from 'nx-codesign'` is the engine; Nx itself finds executors.json and generators.json through package.json.
export * from './engine/index.js';
