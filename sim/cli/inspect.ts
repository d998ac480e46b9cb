import { resolve } from 'node:path';
import { openStoreDirectory } from '../../src/store/directory.js';
import { scanStore, type StoreScan } from '../../src/store/read-store.js';
import { commandText, storeText } from '../report/store-text.js';
import { commandView, storeView } from '../report/store-view.js';
import { EXIT, type CliIo } from './io.js';

export interface InspectOptions {
  readonly db: string;
  readonly json: boolean;
}

/** `seatbelt inspect`. @returns the exit code: 1 if something in the store is damaged. @throws SeatbeltError on bad input */
export async function inspect(command: string | undefined, options: InspectOptions, io: CliIo): Promise<number> {
  const scan = await scanned(resolve(io.cwd, options.db));
  const { view, lines } = command === undefined ? wholeStore(scan) : oneCommand(scan, command);
  io.stdout.write(options.json ? `${JSON.stringify(view, undefined, 2)}\n` : `${lines().join('\n')}\n`);
  return view.damaged.length === 0 ? EXIT.held : EXIT.broken;
}

async function scanned(directory: string): Promise<StoreScan> {
  const disk = await openStoreDirectory(directory);
  try {
    return await scanStore(disk);
  } finally {
    await disk.close();
  }
}

function wholeStore(scan: StoreScan) {
  const view = storeView(scan);
  return { view, lines: () => storeText(view) };
}

function oneCommand(scan: StoreScan, id: string) {
  const view = commandView(scan, id);
  return { view, lines: () => commandText(view) };
}
