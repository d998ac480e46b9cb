import tseslint from 'typescript-eslint';

/*
 * What keeps a run a function of its scenario and seed: time, randomness, timers and scheduling reach our code only through ports. The few
 * files that give the ports their meaning, or stand outside of any run, are exempt below, one by one.
 */
const HOW = 'Use the ports (actors/ports.ts): a run must be a function of its scenario and seed.';

const AMBIENT_GLOBALS = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'performance',
  'crypto',
  'fetch',
];

const AMBIENT_PROPERTIES = [
  ['Date', 'now'],
  ['Math', 'random'],
  ['process', 'hrtime'],
  ['process', 'nextTick'],
  ['process', 'uptime'],
  ['process', 'cpuUsage'],
  ['performance', 'now'],
  ['crypto', 'randomUUID'],
  ['crypto', 'randomBytes'],
  ['crypto', 'getRandomValues'],
  ...['Date', 'Math', ...AMBIENT_GLOBALS].map((name) => ['globalThis', name]),
].map(([object, property]) => ({ object, property, message: HOW }));

/** Modules that carry time, timers, randomness, other threads, or the network. */
const AMBIENT_MODULES = [
  'timers',
  'timers/promises',
  'perf_hooks',
  'worker_threads',
  'child_process',
  'cluster',
  'net',
  'dgram',
  'http',
  'https',
  'http2',
  'tls',
  'dns',
  'async_hooks',
].flatMap((name) => [name, `node:${name}`]);

/** Modules of which only a part is ambient. */
const AMBIENT_NAMES = Object.entries({
  crypto: ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'getRandomValues', 'webcrypto', 'default'],
  process: ['hrtime', 'nextTick', 'uptime'],
}).flatMap(([name, importNames]) => [name, `node:${name}`].map((specifier) => ({ name: specifier, importNames, message: HOW })));

const AMBIENT_SYNTAX = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: `new Date() is the wall clock. ${HOW}` },
  { selector: "CallExpression[callee.name='Date']", message: `Date() is the wall clock. ${HOW}` },
  {
    selector: "VariableDeclarator[init.name=/^(Date|Math|performance|crypto|process|globalThis)$/]",
    message: `Under another name, its use could not be seen. ${HOW}`,
  },
];

const NOWHERE_SYNTAX = [
  {
    selector: "CallExpression[callee.object.name='process'][callee.property.name='exit']",
    message: 'Set process.exitCode: output that is on its way would be lost.',
  },
];

/** Only the runtime compiles and loads nact. */
const NACT = { name: 'nact', message: 'Only actors/runtime.ts may load nact.' };

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // The compiler tells.
      '@typescript-eslint/no-unused-vars': 'off',
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...NOWHERE_SYNTAX],
    },
  },
  {
    files: ['src/**/*.ts', 'actors/**/*.ts', 'sim/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': ['error', ...AMBIENT_GLOBALS.map((name) => ({ name, message: HOW }))],
      'no-restricted-properties': ['error', ...AMBIENT_PROPERTIES],
      'no-restricted-imports': ['error', { paths: [NACT, ...AMBIENT_NAMES, ...AMBIENT_MODULES.map((name) => ({ name, message: HOW }))] }],
      'no-restricted-syntax': ['error', ...NOWHERE_SYNTAX, ...AMBIENT_SYNTAX],
    },
  },
  {
    // The one binds actors to real time, for real runs. The other captures what drives a simulation, before a user's program can replace it.
    files: ['actors/runtime.ts', 'sim/kernel/turn-loop.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-imports': 'off',
      'no-restricted-syntax': ['error', ...NOWHERE_SYNTAX],
    },
  },
  {
    // The command line stands outside of any run: it measures how long one takes, shows progress, and so on.
    files: ['sim/cli/**/*.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-imports': ['error', { paths: [NACT] }],
      'no-restricted-syntax': ['error', ...NOWHERE_SYNTAX],
    },
  },
);
