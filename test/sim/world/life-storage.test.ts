import { expect, test } from 'vitest';
import { storageOfLife } from '../../../sim/world/life-storage.js';
import { LoneHost, SECOND, smallWorld, submitVolume } from '../../actors/lone-host.js';

/** Crashes at each word that the host says of its tasks: that is in mid-turn, and the rest of the turn still runs. */
test('a host that dies in the middle of a turn writes nothing in the rest of it', () => {
  const course = (dieAt: number) => {
    const storage = smallWorld();
    const life = { alive: true };
    let said = 0;
    let written = -1;
    let stored = '';
    const host = new LoneHost({
      storage,
      reach: storageOfLife(storage, life),
      told: () => {
        said += 1;
        if (said !== dieAt) return;
        life.alive = false;
        written = storage.ledger.entries.length;
        stored = JSON.stringify(storage.tasks('pool1'));
      },
    });
    host.send(submitVolume('v1'));
    host.send(submitVolume('v2'));
    host.advance(60 * SECOND);
    host.send({ op: 'clearTask', pool: 'pool1', taskId: 'v1' });
    host.send({ op: 'stopSpm', pool: 'pool1', generation: 1 });
    host.advance(60 * SECOND);
    if (!life.alive) expect([storage.ledger.entries.length, JSON.stringify(storage.tasks('pool1'))], `dead at its word ${dieAt}`).toEqual([written, stored]);
    return { said, owner: storage.lease('pool1').owner };
  };
  const { said, owner } = course(Infinity);
  expect([said > 8, owner]).toEqual([true, null]);
  for (let n = 1; n < said; n += 1) expect(course(n).owner, `dead at its word ${n}`).toBe('host1');
});
