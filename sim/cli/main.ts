#!/usr/bin/env node
import process from 'node:process';
import { runCli } from './cli.js';
import { EXIT, type Output } from './io.js';
import { services } from './seatbelt-services.js';

const interruption = new AbortController();
const exitCodes = { SIGINT: EXIT.interrupted, SIGTERM: 143 } as const;
let received: keyof typeof exitCodes | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: the second Ctrl-C ends the process at once, as it would without us.
  process.once(signal, () => {
    received = signal;
    interruption.abort();
  });
}

/** A reader that has seen enough (`| head`) is no error; the run goes on to its exit code. */
function output(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return { write: (text) => stream.write(text), isTTY: stream.isTTY === true };
}

const exitCode = await runCli(
  process.argv.slice(2),
  { stdout: output(process.stdout), stderr: output(process.stderr), cwd: process.cwd(), env: process.env, signal: interruption.signal },
  services,
);
// Not process.exit: what is still on its way to a pipe would be lost.
process.exitCode = received !== undefined && exitCode === EXIT.interrupted ? exitCodes[received] : exitCode;
