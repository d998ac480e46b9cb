import type { Section } from './row.js';
import { semantics4 } from './rows/semantics-4.js';
import { semantics4Completions } from './rows/semantics-4-completions.js';
import { semantics4Outcomes } from './rows/semantics-4-outcomes.js';
import { semantics4Refusals } from './rows/semantics-4-refusals.js';
import { semantics5Hosts } from './rows/semantics-5-hosts.js';
import { semantics5Spm } from './rows/semantics-5-spm.js';
import { semantics5Time } from './rows/semantics-5-time.js';
import { ovirt2 } from './rows/ovirt-2.js';
import { ovirt2Settings } from './rows/ovirt-2-settings.js';
import { ovirt2Pools } from './rows/ovirt-2-pools.js';
import { ovirt2Crashes } from './rows/ovirt-2-crashes.js';
import { ovirt2CrashPoints } from './rows/ovirt-2-crash-points.js';
import { ovirt3Disks } from './rows/ovirt-3-disks.js';
import { ovirt3Import } from './rows/ovirt-3-import.js';
import { ovirt3Vms } from './rows/ovirt-3-vms.js';
import { ovirt4Callbacks } from './rows/ovirt-4-callbacks.js';
import { ovirt4Tasks } from './rows/ovirt-4-tasks.js';
import { ovirt4Flows } from './rows/ovirt-4-flows.js';
import { vdsm1States } from './rows/vdsm-1-states.js';
import { vdsm1Replies } from './rows/vdsm-1-replies.js';
import { vdsm1Recoveries } from './rows/vdsm-1-recoveries.js';
import { vdsm1TakeOver } from './rows/vdsm-1-take-over.js';
import { vdsm2Spm } from './rows/vdsm-2-spm.js';
import { vdsm2Engine } from './rows/vdsm-2-engine.js';
import { vdsm3 } from './rows/vdsm-3.js';
import { vdsm4 } from './rows/vdsm-4.js';
import { vdsm5Tasks } from './rows/vdsm-5-tasks.js';
import { vdsm5Spm } from './rows/vdsm-5-spm.js';
import { vdsm6 } from './rows/vdsm-6.js';
import { vdsm7Latency } from './rows/vdsm-7-latency.js';
import { vdsm7Faults } from './rows/vdsm-7-faults.js';
import { vdsm7Invariants } from './rows/vdsm-7-invariants.js';

/** In the order in which the page shows them. */
export const SECTIONS: readonly Section[] = [
  semantics4,
  semantics4Outcomes,
  semantics4Refusals,
  semantics4Completions,
  semantics5Hosts,
  semantics5Spm,
  semantics5Time,
  ovirt2,
  ovirt2Settings,
  ovirt2Pools,
  ovirt2Crashes,
  ovirt2CrashPoints,
  ovirt3Disks,
  ovirt3Import,
  ovirt3Vms,
  ovirt4Callbacks,
  ovirt4Tasks,
  ovirt4Flows,
  vdsm1States,
  vdsm1Replies,
  vdsm1Recoveries,
  vdsm1TakeOver,
  vdsm2Spm,
  vdsm2Engine,
  vdsm3,
  vdsm4,
  vdsm5Tasks,
  vdsm5Spm,
  vdsm6,
  vdsm7Latency,
  vdsm7Faults,
  vdsm7Invariants,
];
