/** A stream that text is written to. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY: boolean;
}

/** All that the command line touches of its process, so that a test can stand in for it. */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  /** What relative paths are relative to. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How the program was started, for showing how to start it again. */
  readonly program: readonly string[];
  /** Aborted when the user interrupts (Ctrl-C). */
  readonly signal: AbortSignal;
}

/** Exit codes: part of the interface, see docs/command-line.md. */
export const EXIT = {
  held: 0,
  broken: 1,
  badInput: 2,
  /** A defect of ours, as in sysexits(3). */
  internal: 70,
  /** Standard output cannot be written, as in sysexits(3). */
  unwritable: 74,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const;
