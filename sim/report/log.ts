import { pino, type Logger } from 'pino';
import { SeatbeltError } from '../../src/model/errors.js';
import type { Violation } from '../invariants/invariant.js';
import type { ProbeEvent } from './timeline.js';

type Level = 'error' | 'warn' | 'info' | 'debug';

/**
 * A log of a run as lines of JSON: what the engine, the hosts and the client told, each with its virtual time `t` in µs. It holds nothing of the wall
 * clock or the machine, so the logs of two runs of one seed are equal.
 */
export class RunLog {
  readonly #logger: Logger;
  readonly #close: () => void;
  readonly #file: string;
  #failure: SeatbeltError | null = null;

  /**
   * @param mode whether what the file holds is kept
   * @throws SeatbeltError `LOG_WRITE_FAILED` the file cannot be written
   */
  constructor(file: string, mode: 'new' | 'append' = 'new') {
    this.#file = file;
    try {
      const destination = pino.destination({ dest: file, sync: true, append: mode === 'append' });
      this.#logger = pino({ base: null, timestamp: false, level: 'debug', formatters: { level: (label) => ({ level: label }) } }, destination);
      this.#close = () => destination.end();
    } catch (cause) {
      throw failed(file, cause);
    }
  }

  probe({ t, node, probe }: ProbeEvent): void {
    const { type, ...what } = probe;
    this.#write(() => this.#logger[levelOf(probe)]({ t, node, ...what }, type));
  }

  violation(violation: Violation): void {
    this.#write(() => this.#logger.error({ ...violation }, 'invariantBroken'));
  }

  /** @throws SeatbeltError `LOG_WRITE_FAILED` something could not be written, now or before */
  close(): void {
    this.#write(this.#close);
    if (this.#failure !== null) throw this.#failure;
  }

  /** A log that cannot be written does not stop the run; it is told at the end. */
  #write(write: () => void): void {
    if (this.#failure !== null) return;
    try {
      write();
    } catch (cause) {
      this.#failure = failed(this.#file, cause);
    }
  }
}

function failed(file: string, cause: unknown): SeatbeltError {
  return new SeatbeltError('LOG_WRITE_FAILED', `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function levelOf(probe: ProbeEvent['probe']): Level {
  switch (probe.type) {
    case 'engineCrashed':
    case 'hostCrashed':
    case 'enginePaused':
    case 'hostHung':
    case 'leaseRevoked':
    case 'spmExpectedElsewhere':
    case 'storeRolledBack':
    case 'retentionFailed':
    case 'hostClearRefused':
    case 'staleRefused':
    case 'messageTooOld':
    case 'completionIgnored':
    case 'taskMissing':
    case 'taskUnresolved':
    case 'fenceAnswered':
    case 'fenceRefused':
    case 'hostTaskLost':
    case 'hostFenced':
    case 'conflict':
    case 'lockRefused':
    case 'partitionBegan':
      return 'warn';
    case 'engineStarted':
    case 'hostStarted':
    case 'spmRoleChanged':
    case 'spmMoves':
    case 'faultsEnded':
    case 'engineRecovered':
    case 'commandSubmitted':
    case 'commandMigrated':
    case 'commandExpired':
    case 'statusChanged':
    case 'callAwaited':
    case 'spmElected':
    case 'lockAwaited':
    case 'clientTold':
    case 'cancelAnswered':
    case 'operatorActed':
    case 'operateAnswered':
    case 'partitionEnded':
      return 'info';
    case 'callbackRuns':
    case 'callbackCommitted':
    case 'taskPlaced':
    case 'taskSubmitted':
    case 'taskEnded':
    case 'taskCleared':
    case 'lockGranted':
    case 'lockReleased':
    case 'hostTaskAccepted':
    case 'hostTaskStarted':
    case 'hostTaskRollingBack':
    case 'hostTaskEnded':
    case 'hostTaskCleared':
    case 'hostCall':
    case 'messageLost':
    case 'messageDuplicated':
    case 'messageDelayed':
      return 'debug';
  }
}
