import type { Section } from '../row.js';

const ROLE = 'test/actors/host/spm-role.test.ts';
const HOSTS = 'test/sim/embed/host-faults.test.ts';
const FAIL_OVER = 'test/sim/embed/spm-fail-over.test.ts';
const FENCE = 'test/sim/embed/fence-agent.test.ts';

export const semantics5Spm: Section = {
  title: 'The SPM',
  page: 'semantics.md',
  rows: [
    {
      id: 'semantics-5.up-down-hung',
      source: 'A host has: up, down or hung, an incarnation',
      given: 'a host',
      when: 'it crashes; it hangs',
      then: 'it comes back as the next incarnation, and is Free; or it goes on where it was',
      proof: [
        { file: HOSTS, test: 'named %s: it is gone at once, and comes back as another incarnation that is Free' },
        { file: HOSTS, test: 'goes on where it was, if that was shorter than its lease' },
      ],
    },
    {
      id: 'semantics-5.dead',
      source: 'one that was queued or running when its host died',
      given: 'a host that dies in the middle of something',
      when: 'the rest of that would be done',
      then: 'nothing of it is written',
      proof: [{ file: 'test/sim/world/life-storage.test.ts', test: 'a host that dies in the middle of a turn writes nothing in the rest of it' }],
    },
    {
      id: 'semantics-5.role',
      source: 'role Free, Contend or SPM',
      given: 'a Free host',
      when: 'it is told to become SPM',
      then: 'it is Contend, and then SPM',
      proof: [{ file: ROLE, test: 'is Contend until it has the lease and 3 s more, then SPM, and lists its tasks 2 s later' }],
    },
    {
      id: 'semantics-5.no-second',
      source: 'starts no second SPM while the first may be alive, fences, starts another',
      given: 'an SPM that is silent',
      when: 'there is a fence agent; there is none; it fails',
      then: 'another is started when the first has been fenced; when storage grants the lease that has expired; and none, before the first is back or the fencing has worked',
      proof: [
        { file: FENCE, test: 'restarts an SPM that hangs: it is dead at once, and up again when it has booted, long before it would have woken' },
        { file: FAIL_OVER, test: 'is replaced when its lease has expired, and the command ends minutes later, on another host' },
        { file: FENCE, test: 'that fails leaves the pool without an SPM, as in oVirt: nobody knows that the first is dead. It is asked again and again' },
      ],
    },
    {
      id: 'semantics-5.meanwhile',
      source: 'verbs that arrive meanwhile get 654',
      given: 'an SPM that stops',
      when: 'it is asked for a task',
      then: '654',
      proof: [{ file: ROLE, test: 'answers when the lease is given up; meanwhile it refuses tasks with 654, and another stop is answered with the first' }],
    },
    {
      id: 'semantics-5.generation',
      source: 'Storage refuses writes of an older lease generation',
      given: 'an SPM that hangs for longer than its lease',
      when: 'it wakes and another has the lease',
      then: 'what it does comes to nothing, and it panics',
      proof: [{ file: HOSTS, test: 'for longer: another takes its lease when that has expired, and what it does when it wakes comes to nothing' }],
    },
    {
      id: 'semantics-5.expired',
      source: 'Storage refuses writes of an older lease generation',
      given: 'a lease that has expired and that nobody has taken',
      when: 'its holder writes',
      then: 'it can: only a later generation stands in its way, as with real disks',
      proof: [{ file: ROLE, test: 'that nobody has taken since it expired still lets its holder write' }],
    },
  ],
};
