import { describe, expect, it } from 'vitest';
import { read, refusal } from './reading.js';

describe('--set', () => {
  const text = 'commands:\n  - { type: MoveDisk, params: { vm: v, disks: [d] } }';

  it('replaces one value, which is read as YAML', () => {
    expect(read(text, ['commands.0.params.vm=vm2']).commands[0]?.params).toMatchObject({ vm: 'vm2' });
    expect(read(text, ['commands[0].params.disks=[x, y]']).commands[0]?.params).toMatchObject({ disks: ['x', 'y'] });
    expect(read(text, ['description=a=b']).description).toBe('a=b');
  });

  it('makes the sections that a file leaves out, and adds to the end of a list', () => {
    const scenario = read(text, ['engine.pollingRate=3s', 'faults.0.crashEngine.at=7s', 'faults.1={crashEngine: {at: 8s}}']);
    expect(scenario.engine.pollingRateMs).toBe(3_000);
    expect(scenario.faults.map((fault) => (fault.kind === 'crashEngine' ? fault.point : null))).toEqual([
      { at: 'time', us: 7_000_000 },
      { at: 'time', us: 8_000_000 },
    ]);
  });

  it('is applied in order', () => {
    expect(read(text, ['name=a', 'name=b']).name).toBe('b');
  });

  it.each([
    ['an unknown path', 'engine.polingRate=5s', "--set engine.polingRate=5s: engine.polingRate: unknown key; did you mean 'pollingRate'?"],
    ['a bad value', 'commands.0.params.vm=5', '--set commands.0.params.vm=5: commands[0].params.vm: expected string, got number'],
    ['an unknown param', 'commands.0.params.vn=x', '--set commands.0.params.vn=x: commands[0].params.vn: unknown key'],
    ['a section left unfinished', 'commands.1.type=MoveDisk', '--set commands.1.type=MoveDisk: commands[1].params.vm: is missing; expected string'],
    ['no value', 'engine.pollingRate', '--set engine.pollingRate: give a path and a value'],
    ['no path', '=5', '--set =5: give a path and a value'],
    ['a path with a hole', 'engine..x=5', '--set engine..x=5: an empty name in the path'],
    ['a place past the end', 'commands.5.at=1s', '--set commands.5.at=1s: commands has 1 items: there is no [5]'],
    ['a name in a list', 'commands.first.at=1s', "--set commands.first.at=1s: commands is a list: 'first' is no index"],
    ['a part of what has none', 'commands.0.type.x=1', `--set commands.0.type.x=1: commands[0].type is "MoveDisk": it has no part 'x'`],
    ['broken YAML', 'name=[', '--set name=[:'],
    ['a prototype', '__proto__.x=1', '--set __proto__.x=1: __proto__: unknown key'],
  ])('is refused for %s, and named', (_, setting, message) => {
    expect(refusal(text, [setting])).toContain(message);
  });

  it('leaves objects that are not its own alone', () => {
    refusal(text, ['__proto__.polluted=1']);
    refusal(text, ['constructor.prototype.polluted=1']);
    expect('polluted' in {}).toBe(false);
  });
});
