import type { Section } from '../row.js';

export const vdsm5Tasks: Section = {
  title: 'Pinning tests: tasks',
  page: 'vdsm-facts.md',
  rows: [],
};
