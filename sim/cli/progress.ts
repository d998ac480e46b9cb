import { clock } from '../report/style.js';
import type { Output } from './io.js';
import type { RunnableSimulation } from './services.js';

const QUIET_MS = 2_000;
const REFRESH_MS = 200;
const CLEAR_LINE = '\r\u001b[2K';

/** Shows on a terminal how far a run has come, once it takes longer than 2 s. @returns what removes it again */
export function showProgress(simulation: Pick<RunnableSimulation, 'now'>, terminal: Output): () => void {
  if (!terminal.isTTY) return () => undefined;
  let shown = false;
  let timer: NodeJS.Timeout = setTimeout(() => {
    timer = setInterval(show, REFRESH_MS);
    show();
  }, QUIET_MS);
  const show = (): void => {
    shown = true;
    terminal.write(`${CLEAR_LINE}virtual time ${clock(simulation.now)}`);
  };
  return () => {
    clearInterval(timer);
    if (shown) terminal.write(CLEAR_LINE);
  };
}
