import { dispatch, spawn, start, stop, type Ref } from 'nact';
import { cpuMicros } from './gauges.js';

const DELIVERIES = 300_000;
const BUSY = 64;

/** What plain nact takes for a message that is handed on round a ring of 64 actors, µs of processor time, while `idle` others hang off a shelf. */
export async function idleNact(idle: number): Promise<number> {
  const system = start();
  const shelf = spawn(system, () => undefined, 'shelf');
  for (let i = 0; i < idle; i += 1) spawn(shelf, () => undefined, `idle${i}`);
  let left = BUSY;
  let over = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    over = resolve;
  });
  const ring: Ref<number>[] = [];
  for (let i = 0; i < BUSY; i += 1) {
    const handOn = (_state: unknown, hops: number): void => {
      const next = ring[(i + 1) % BUSY];
      if (hops > 1 && next !== undefined) dispatch(next, hops - 1);
      else if ((left -= 1) === 0) over();
    };
    ring.push(spawn(system, handOn, `busy${i}`));
  }
  const began = cpuMicros();
  for (const ref of ring) dispatch(ref, Math.ceil(DELIVERIES / BUSY));
  await finished;
  const cost = cpuMicros() - began;
  stop(system);
  return cost / DELIVERIES;
}
