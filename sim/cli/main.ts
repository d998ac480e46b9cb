#!/usr/bin/env node
import process from 'node:process';
import { runCli } from './cli.js';
import { EXIT, type Output } from './io.js';
import { services } from './seatbelt-services.js';

const interruption = new AbortController();
const exitCodes = { SIGINT: EXIT.interrupted, SIGTERM: 143 } as const;
const signals = ['SIGINT', 'SIGTERM'] as const;
let received: keyof typeof exitCodes | undefined;
for (const signal of signals) {
  process.once(signal, () => {
    received = signal;
    // The next signal, of either kind, ends the process at once, as it would without us.
    for (const other of signals) process.removeAllListeners(other);
    interruption.abort();
  });
}

let unwritable: Error | undefined;

/** A reader that has seen enough (`| head`) is no error; the run goes on to its exit code. Output that cannot be written ends it. */
function output(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    unwritable ??= error;
    interruption.abort();
  });
  return { write: (text) => stream.write(text), isTTY: stream.isTTY === true };
}

// npm runs its scripts in the package's root, wherever the user is.
const script = process.env['npm_lifecycle_event'];
const byNpm = script === 'seatbelt' || script === 'start';
const exitCode = await runCli(
  process.argv.slice(2),
  {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    cwd: byNpm ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd(),
    env: process.env,
    program: byNpm ? ['npm', 'run', '-s', 'seatbelt', '--'] : ['seatbelt'],
    signal: interruption.signal,
  },
  services,
);
if (unwritable !== undefined) process.stderr.write(`seatbelt: the output cannot be written: ${unwritable.message}\n`);
// Not process.exit: what is still on its way to a pipe would be lost.
process.exitCode = unwritable !== undefined ? EXIT.unwritable : received !== undefined && exitCode === EXIT.interrupted ? exitCodes[received] : exitCode;
