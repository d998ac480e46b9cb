import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { Failures, type FailuresSpec, type Fate, type InjectedFault } from '../../../sim/faults/failures.js';
import { VERBS } from '../../../sim/world/verbs/catalogue.js';

const never = (): number => {
  throw new Error('nothing was to be drawn');
};

function failures(rules: FailuresSpec['rules'], rates: FailuresSpec['rates'] = {}): Failures {
  return new Failures({ rules, rates, verbs: VERBS });
}

const faultOf = ({ fault }: Fate): InjectedFault | null => fault;
const codeOf = ({ fault }: Fate): number => (fault?.kind === 'fails' ? fault.code : 0);

const sync = (disk: string) => ['syncImageData', { disk, source: 'domain1', target: 'domain2' }] as const;

describe('a rule', () => {
  it('hits the nth execution that matches, and no other', () => {
    const plan = failures([{ verb: 'syncImageData', match: { disk: 'disk1' }, nth: 2, code: 261 }]);
    const disks = ['disk1', 'disk2', 'disk2', 'disk1', 'disk1', 'disk2'];
    expect(disks.map((disk) => codeOf(plan.next(...sync(disk), never)))).toEqual([0, 0, 0, 261, 0, 0]);
  });

  it('without nth hits every one; without match, of any arguments', () => {
    const plan = failures([{ verb: 'syncImageData', code: 261 }]);
    expect(['disk1', 'disk2'].map((disk) => codeOf(plan.next(...sync(disk), never)))).toEqual([261, 261]);
    expect(faultOf(plan.next('deleteImage', { domain: 'domain1', disk: 'disk1' }, never))).toBeNull();
  });

  it('shows at the end unless it says otherwise', () => {
    expect(failures([{ verb: 'syncImageData', code: 261 }]).next(...sync('disk1'), never).fault?.when).toBe('atEnd');
    expect(failures([{ verb: 'syncImageData', code: 261, when: 'refuse' }]).next(...sync('disk1'), never).fault?.when).toBe('refuse');
  });

  it('matches structured arguments as wholes', () => {
    const disks = [{ disk: 'disk1', volume: 'v1' }];
    const plan = failures([{ verb: 'snapshot', match: { disks }, code: 48 }]);
    expect(codeOf(plan.next('snapshot', { vm: 'vm1', snapshot: 's1', disks: [{ volume: 'v1', disk: 'disk1' }] }, never))).toBe(48);
    expect(faultOf(plan.next('snapshot', { vm: 'vm1', snapshot: 's1', disks: [] }, never))).toBeNull();
  });

  it('counts beside another that wins', () => {
    const plan = failures([{ verb: 'syncImageData', nth: 1, code: 261 }, { verb: 'syncImageData', nth: 2, code: 397 }]);
    expect([1, 2, 3].map(() => codeOf(plan.next(...sync('disk1'), never)))).toEqual([261, 397, 0]);
  });
});

describe('a rate', () => {
  it('fails about that share of the executions, drawn from the verb’s own stream', () => {
    const plan = failures([], { syncImageData: { rate: 0.2, codes: [{ code: 100, weight: 1 }] } });
    const generator = xoroshiro128plus(7);
    const purposes = new Set<string>();
    const random = (purpose: string): number => {
      purposes.add(purpose);
      return uniformFloat64(generator);
    };
    const failed = Array.from({ length: 10_000 }, () => plan.next(...sync('disk1'), random)).filter(({ fault }) => fault !== null);
    // 2,000 of them, give or take three times the 40 by which such a number strays.
    expect(Math.abs(failed.length - 2_000)).toBeLessThan(120);
    expect(new Set(failed.map((fate) => `${codeOf(fate)} ${fate.fault?.when}`))).toEqual(new Set(['100 atEnd']));
    expect(purposes).toEqual(new Set(['failure:syncImageData']));
  });

  it('has the codes by their weights', () => {
    const plan = failures([], { syncImageData: { rate: 0.5, codes: [{ code: 261, weight: 3 }, { code: 397, weight: 1 }] } });
    const generator = xoroshiro128plus(7);
    const codes = Array.from({ length: 8_000 }, () => codeOf(plan.next(...sync('disk1'), () => uniformFloat64(generator))));
    // 3,000, 1,000 and 4,000 of them, give or take three times the 45 by which such numbers stray at most.
    for (const [code, share] of [[261, 3_000], [397, 1_000], [0, 4_000]] as const) {
      expect([code, Math.abs(codes.filter((one) => one === code).length - share) < 135]).toEqual([code, true]);
    }
  });

  it('of 0 draws nothing, of 1 fails always', () => {
    expect(faultOf(failures([], { syncImageData: { rate: 0, codes: [{ code: 100, weight: 1 }] } }).next(...sync('disk1'), never))).toBeNull();
    expect(codeOf(failures([], { syncImageData: { rate: 1, codes: [{ code: 100, weight: 1 }] } }).next(...sync('disk1'), () => 1 - 2 ** -53))).toBe(100);
  });

  it('draws as often with a rule as without, so that a rule shifts no later draw', () => {
    const count = (rules: FailuresSpec['rules']): number => {
      let draws = 0;
      const plan = failures(rules, { syncImageData: { rate: 0.5, codes: [{ code: 100, weight: 1 }] } });
      for (let i = 0; i < 10; i += 1) plan.next(...sync('disk1'), () => (draws += 1) / 100);
      return draws;
    };
    expect(count([{ verb: 'syncImageData', nth: 3, code: 261 }])).toBe(count([]));
  });
});

describe('what can never apply, or is out of range, is refused', () => {
  it.each<[string, FailuresSpec['rules'], FailuresSpec['rates'], RegExp]>([
    ['an unknown verb', [{ verb: 'synkImageData', code: 261 }], {}, /failures\[0\].*synkImageData/],
    ['an argument the verb has not', [{ verb: 'syncImageData', match: { vm: 'vm1' }, code: 261 }], {}, /failures\[0\]\.match\.vm.*disk, source, target/],
    ['code 0', [{ verb: 'syncImageData', code: 0 }], {}, /failures\[0\]\.code/],
    ['the 0th', [{ verb: 'syncImageData', nth: 0, code: 261 }], {}, /failures\[0\]\.nth/],
    ['a rate of an unknown verb', [], { nothing: { rate: 0.1, codes: [{ code: 100, weight: 1 }] } }, /nothing/],
    ['a rate above 1', [], { syncImageData: { rate: 1.1, codes: [{ code: 100, weight: 1 }] } }, /1\.1/],
    ['a rate that is no number', [], { syncImageData: { rate: Number.NaN, codes: [{ code: 100, weight: 1 }] } }, /NaN/],
  ])('%s', (_what, rules, rates, message) => {
    expect(() => failures(rules, rates)).toThrow(expect.objectContaining({ code: 'BAD_SCENARIO', message: expect.stringMatching(message) as string }));
  });
});
