import type { Section } from '../row.js';

export const vdsm1TakeOver: Section = {
  title: 'Tasks: restart and SPM move',
  page: 'vdsm-facts.md',
  rows: [],
};
