import { byAge } from './locks/lock-claim.js';
import { LockQueue } from './locks/lock-queue.js';
import type { LockTable } from './locks/lock-table.js';
import type { AcquireLocks, LocksMessage } from './messages.js';
import type { NodePorts, Timer } from './ports.js';

export { LockTable, type LockReader } from './locks/lock-table.js';

/** The actor that grants, lets wait, refuses and releases. */
export function createLocks(deps: {
  readonly ports: Pick<NodePorts, 'now' | 'after' | 'probe'>;
  readonly table: LockTable;
  readonly wakeSelf: (message: LocksMessage) => void;
}): (message: LocksMessage) => void {
  const { ports, table, wakeSelf } = deps;
  const queue = new LockQueue<AcquireLocks>(table);
  /** Of those that wait. */
  const timers = new Map<AcquireLocks, Timer>();
  /** Who has not asked again since the crash, and who has: the order in which they come says nothing. */
  const expected = new Set<string>();
  let gathered: AcquireLocks[] = [];

  return (message) => {
    switch (message.type) {
      case 'expect':
        message.commandIds.forEach((id) => expected.add(id));
        return;
      case 'acquire':
        gathered.push(message.request);
        expected.delete(message.request.commandId);
        if (expected.size > 0) return;
        gathered.toSorted(byAge).forEach(acquire);
        gathered = [];
        return grantWhatCanBe();
      case 'waitOver':
        return waitOver(message.request);
      case 'withdraw':
        return withdraw(message.commandId);
      case 'release':
        queue.release(message.owner);
        return grantWhatCanBe();
    }
  };

  function acquire(request: AcquireLocks): void {
    const conflict = queue.take(request);
    if (conflict === null) return request.wake({ kind: 'granted' });
    if (request.waitUntil === null) return request.wake({ kind: 'refused', conflict });
    const deadlock = queue.deadlockOf(request);
    if (deadlock !== null) return request.wake({ kind: 'deadlock', conflict: deadlock });
    queue.wait(request);
    timers.set(request, ports.after(Math.max(0, request.waitUntil - ports.now()), () => wakeSelf({ type: 'waitOver', request })));
    ports.probe({ type: 'lockAwaited', owner: request.owner, commandId: request.commandId, ...conflict });
  }

  function waitOver(request: AcquireLocks): void {
    // Granted meanwhile: the message was under way.
    if (!timers.delete(request)) return;
    queue.leave(request);
    const conflict = queue.take(request);
    request.wake(conflict === null ? { kind: 'granted' } : { kind: 'timedOut', conflict });
    grantWhatCanBe();
  }

  function withdraw(commandId: string): void {
    const request = [...gathered, ...timers.keys()].find((asked) => asked.commandId === commandId);
    if (request === undefined) return;
    gathered = gathered.filter((other) => other !== request);
    timers.get(request)?.cancel();
    timers.delete(request);
    queue.leave(request);
    request.wake({ kind: 'withdrawn' });
    grantWhatCanBe();
  }

  function grantWhatCanBe(): void {
    for (let next = queue.grantNext(); next !== null; next = queue.grantNext()) {
      timers.get(next)?.cancel();
      timers.delete(next);
      next.wake({ kind: 'granted' });
    }
  }
}
