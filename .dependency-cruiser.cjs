/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or share a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'src-stands-alone',
      comment: 'The domain knows neither actors nor the simulator.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(actors|sim|test)/' },
    },
    {
      name: 'actors-do-not-know-the-simulator',
      comment: 'The same actors run for real.',
      severity: 'error',
      from: { path: '^actors/' },
      to: { path: '^(sim|test)/' },
    },
    {
      name: 'nothing-ships-from-test',
      severity: 'error',
      from: { path: '^sim/' },
      to: { path: '^test/' },
    },
    {
      name: 'cli-is-the-outside',
      comment: 'The command line uses the rest, and nothing uses it.',
      severity: 'error',
      from: { path: '^sim/(?!cli/)' },
      to: { path: '^sim/cli/' },
    },
    {
      name: 'nact-in-one-place',
      comment: 'Only the runtime knows how to load nact so that every delivery is an event.',
      severity: 'error',
      from: { path: '^(src|actors|sim)/', pathNot: '^actors/runtime[.]ts$' },
      to: { path: '(^|/)node_modules/nact/' },
    },
    {
      name: 'pure-core',
      comment: 'The model and the flow decide; what they cannot reach, they cannot depend on.',
      severity: 'error',
      from: { path: '^src/(model|flow)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-core-inside',
      comment: 'The model is the vocabulary, the flow its grammar: neither looks at stores or commands.',
      severity: 'error',
      from: { path: '^src/(model|flow)/' },
      to: { path: '^src/(store|commands)/' },
    },
    {
      name: 'model-first',
      severity: 'error',
      from: { path: '^src/model/' },
      to: { path: '^src/', pathNot: '^src/model/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'What ships may use only what an installation of it brings along.',
      severity: 'error',
      from: { path: '^(src|actors|sim)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Types count as well: a type that points the wrong way is a design that does.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
