import { dispatch } from '../../../actors/runtime.js';
import type { WireMessage } from '../../../actors/wire.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import type { OpenDisk } from '../../../src/store/disk.js';
import type { Moment } from '../../../sim/kernel/moment.js';
import { Kernel } from '../../../sim/kernel/kernel.js';
import { SimNode } from '../../../sim/kernel/node.js';
import type { Strategy } from '../../../sim/kernel/ready-list.js';
import type { Streams } from '../../../sim/kernel/streams.js';
import { random } from '../../../sim/kernel/strategies/random.js';
import { EngineDisk } from '../../../sim/world/engine-disk.js';
import { reliableLinks, SimNetwork } from '../../../sim/world/network.js';

const REQUESTS = 12;
const CLIENTS = ['client1', 'client2'];
const RETRY_US = 30_000;
const DOWN_US = 20_000;

export interface WorldOptions {
  readonly seed: number;
  readonly strategy?: (streams: Streams) => Strategy;
  readonly crashes?: readonly Moment[];
  /** Opens what the server's disk is made of; what was written before must be there. Default: memory. */
  readonly openDisk?: () => Promise<OpenDisk>;
}

export interface World {
  readonly kernel: Kernel;
  readonly server: SimNode;
  readonly network: SimNetwork;
  /** The ids of requests that a client was told are on disk. */
  readonly acknowledged: Set<string>;
  /** The keys that the server found on its disk when it last started. */
  readonly recovered: Set<string>;
  readonly faults: unknown[];
  /** The keys that are on the disk now. To be called when nothing runs. */
  stored(): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * A small system with all that the kernel has to get right: clients that send requests until they are acknowledged, and a server of two actors that
 * puts each on disk before it answers. Heavy on promises: turns that wait for a disk, floating promises, timers that are cancelled, background polls.
 */
export function createWorld(options: WorldOptions): World {
  const kernel = new Kernel({ seed: options.seed, strategy: options.strategy ?? random });
  const network = new SimNetwork(kernel, reliableLinks({ kind: 'lognormal', median: 1_000, p95: 5_000 }));
  const acknowledged = new Set<string>();
  const recovered = new Set<string>();
  const faults: unknown[] = [];

  let memory = new MemoryDisk();
  const openDisk = options.openDisk ?? (() => Promise.resolve((memory = memory.clone())));
  const disk = new EngineDisk(kernel, 'server', openDisk);
  const at = (time: number, label: string, run: () => Promise<void> | void): void => {
    kernel.schedule(time, { kind: 'control', node: '', incarnation: 0, label, content: null, background: false, run });
  };
  const server: SimNode = new SimNode(kernel, network, 'server', {
    probe: () => undefined,
    fault: (_node, error) => void faults.push(error),
    down: () => at(kernel.now + DOWN_US, 'restart server', () => startServer(server, disk, recovered)),
  });
  at(0, 'start server', () => startServer(server, disk, recovered));
  for (const name of CLIENTS) {
    const client = new SimNode(kernel, network, name, { probe: () => undefined, fault: (_node, error) => void faults.push(error), down: () => undefined });
    at(0, `start ${name}`, () => startClient(client, acknowledged));
  }
  for (const point of options.crashes ?? []) server.planCrash(point);
  return {
    kernel,
    server,
    network,
    acknowledged,
    recovered,
    faults,
    stored: async () => {
      await disk.close();
      const open = await openDisk();
      const entries = await open.scan('');
      await open.close();
      return entries.map(({ key }) => key);
    },
    close: async () => {
      kernel.dispose();
      await disk.close();
    },
  };
}

type FrontMessage = { readonly type: 'received'; readonly message: WireMessage } | { readonly type: 'poll' };
type WriterMessage = { readonly type: 'recover' } | { readonly type: 'write'; readonly id: string; readonly from: string };

async function startServer(node: SimNode, engineDisk: EngineDisk, recovered: Set<string>): Promise<void> {
  const life = node.start();
  const { ports, actors } = life;
  const disk = await engineDisk.open(life);
  const known = new Set<string>();
  const answer = (to: string, correlation: string): void => {
    const result = { draw: ports.random('answer') };
    ports.send(to, { kind: 'reply', correlation, from: 'server', incarnation: life.incarnation, code: 0, message: '', result });
  };
  const writer = actors.spawn<WriterMessage>({
    name: 'writer',
    behaviour: async (message) => {
      if (message.type === 'recover') {
        for (const { key } of await disk.scan('')) known.add(key);
        recovered.clear();
        for (const key of known) recovered.add(key);
        return;
      }
      const { id, from } = message;
      if (!known.has(id)) {
        const value = new TextEncoder().encode(`${id} of ${from} at ${ports.now()}`);
        const written = disk.write([{ type: 'put', key: id, value }]);
        // A batch right behind it, so that two are in flight.
        const marked = disk.write([{ type: 'put', key: `${id}+`, value: new Uint8Array() }]);
        await written;
        await marked;
      }
      known.add(id);
      // A promise that nobody waits for, and that needs many rounds of the microtask queue, is part of the turn all the same.
      void (async () => {
        for (let i = 0; i < 20; i += 1) await Promise.resolve();
        answer(from, id);
      })();
    },
  });
  const front = actors.spawn<FrontMessage>({
    name: 'front',
    behaviour: async (message) => {
      if (message.type === 'poll') {
        ports.after(5_000, () => dispatch(front, { type: 'poll' }), { background: true });
        return;
      }
      await Promise.resolve();
      dispatch(writer, { type: 'write', id: message.message.correlation, from: message.message.from });
    },
  });
  dispatch(writer, { type: 'recover' });
  dispatch(front, { type: 'poll' });
  ports.onReceive((message) => dispatch(front, { type: 'received', message }));
}

function startClient(node: SimNode, acknowledged: Set<string>): void {
  const { ports, actors } = node.start();
  const retries = new Map<string, { cancel(): void }>();
  type ClientMessage = { readonly type: 'send'; readonly id: string } | { readonly type: 'reply'; readonly id: string };
  const client = actors.spawn<ClientMessage>({
    name: 'client',
    behaviour: ({ type, id }) => {
      retries.get(id)?.cancel();
      if (type === 'reply') {
        acknowledged.add(id);
        return;
      }
      ports.send('server', { kind: 'request', correlation: id, from: ports.node, stamp: null, body: { op: 'commandStatus', commandId: id } });
      retries.set(id, ports.after(RETRY_US, () => dispatch(client, { type: 'send', id })));
    },
  });
  ports.onReceive((message) => dispatch(client, { type: 'reply', id: message.correlation }));
  for (let i = 0; i < REQUESTS; i += 1) {
    ports.after(Math.floor(ports.random('think') * 40_000), () => dispatch(client, { type: 'send', id: `${ports.node}-${i}` }));
  }
}

export const ALL_REQUESTS = CLIENTS.length * REQUESTS;
