import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../sim/scenario/package-root.js';

const MAIN = join(PACKAGE_ROOT, 'dist', 'sim', 'cli', 'main.js');

export interface Ended {
  readonly exitCode: number | null;
  /** What killed it, if something did. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly ended: Promise<Ended>;
  /** Resolved when it has printed something. */
  readonly speaks: Promise<void>;
  /** Resolved when it has printed so many lines, or never. */
  lines(n: number): Promise<void>;
  /** Resolved when what it has printed matches, or never. */
  says(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Reads no more of what it prints, as `| head` does. */
  stopListening(): void;
}

/** Starts the compiled program, without a terminal, in a directory of the test's own. */
export function start(cwd: string, ...args: readonly string[]): Started {
  // Its temporary files are to be seen by the test, and by no other.
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...process.env, TMPDIR: cwd }, stdio: ['ignore', 'pipe', 'pipe'] });
  const until = (printed: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      child.stdout.on('data', () => {
        if (printed()) resolve();
      });
    });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    ended: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
    }),
    speaks: new Promise((resolve) => child.stdout.once('data', () => resolve())),
    lines: (n) => until(() => stdout.split('\n').length > n),
    says: (pattern) => until(() => pattern.test(stdout)),
    kill: (signal) => void child.kill(signal),
    stopListening: () => child.stdout.destroy(),
  };
}

export function program(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return start(cwd, ...args).ended;
}
