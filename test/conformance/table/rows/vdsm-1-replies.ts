import type { Section } from '../row.js';

export const vdsm1Replies: Section = {
  title: 'Tasks: replies',
  page: 'vdsm-facts.md',
  rows: [],
};
