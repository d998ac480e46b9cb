import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { entriesAt, endsFrom, SITUATIONS } from './situations.js';
import { readable, toLines } from './snapshot.js';

// Cuts the golden snapshots of a release. A second run gives the same bytes.

const { release } = new Command().requiredOption('--release <name>', 'what the release is called: the name of their directory').parse().opts<{ readonly release: string }>();
const directory = join('test', 'golden', release);
await mkdir(directory, { recursive: true });
const ends: { [name: string]: readonly string[] } = {};
for (const situation of SITUATIONS) {
  const { name } = situation;
  const entries = await entriesAt(situation);
  await writeFile(join(directory, `${name}.jsonl`), toLines(entries));
  await writeFile(join(directory, `${name}.txt`), await readable(entries));
  ends[name] = await endsFrom(name, entries);
}
await writeFile(join(directory, 'ends.json'), `${JSON.stringify(ends, undefined, 2)}\n`);
process.stdout.write(`${SITUATIONS.length} stores in ${directory}\n`);
