import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT_IN_COMMANDS } from '../../../src/commands/index.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { loadScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';

test('a run that was over takes another command when it is gone on with, under a name of its own', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'seatbelt-'));
  const db = join(directory, 'db');
  try {
    const scenario = await loadScenario('live-migration', { vocabulary: vocabularyOf(BUILT_IN_COMMANDS), cwd: process.cwd() });
    const [command] = scenario.commands;
    if (command === undefined) throw new Error('the scenario has no command');
    const { type, params } = command;
    const first = await Simulation.create({ ...scenario, commands: [], faults: [] }, { db });
    expect(first.submit({ type, params })).toBe('submitted-1');
    await first.run();
    const end = first.result().virtualTimeMs;
    await first.dispose();

    const second = await Simulation.resume(db);
    try {
      await second.run();
      expect(second.result().virtualTimeMs).toBe(end);
      expect(second.submit({ type, params })).toBe('submitted-2');
      await second.run();
      expect(second.result().commands.map(({ id }) => id).filter((id) => !id.includes('!'))).toEqual(['submitted-1', 'submitted-2']);
      expect(second.result().virtualTimeMs).toBeGreaterThan(end);
    } finally {
      await second.dispose();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
