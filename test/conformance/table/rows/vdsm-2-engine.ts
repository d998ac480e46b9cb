import type { Section } from '../row.js';

export const vdsm2Engine: Section = {
  title: 'SPM lifecycle: the engine',
  page: 'vdsm-facts.md',
  rows: [],
};
