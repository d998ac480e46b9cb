import type { Section } from '../row.js';

export const vdsm2Spm: Section = {
  title: 'SPM lifecycle',
  page: 'vdsm-facts.md',
  rows: [],
};
