import type { Section } from '../row.js';

export const vdsm5Spm: Section = {
  title: 'Pinning tests: SPM',
  page: 'vdsm-facts.md',
  rows: [],
};
