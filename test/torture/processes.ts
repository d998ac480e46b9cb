import { fork, type ForkOptions } from 'node:child_process';

/**
 * Runs a program in a process of its own, which sends its results as messages.
 * @param onMessage is given each message, as plain data
 * @throws Error if the process ends in any other way than with exit code 0
 */
export function runProcess(
  program: string,
  args: readonly string[],
  onMessage: (message: unknown) => void,
  options: Pick<ForkOptions, 'env' | 'execArgv' | 'signal'> = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(program, args, { execArgv: [], ...options, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', onMessage);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args.join(' ')} ended with ${signal ?? code}`));
    });
  });
}

/** From such a process: sends a message to the one that started it, and resolves when it is on its way. */
export function tell(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) reject(new Error('this process was started by nobody who listens'));
    else process.send(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** One line on a terminal that is written over and over; nothing where there is no terminal. */
export class Progress {
  #shownAt = 0;

  show(text: string): void {
    const now = Date.now();
    if (!process.stderr.isTTY || now - this.#shownAt < 100) return;
    this.#shownAt = now;
    process.stderr.write(`\r\u001b[2K${text}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K');
  }
}
