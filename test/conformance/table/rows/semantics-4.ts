import type { Section } from '../row.js';

export const semantics4: Section = {
  title: 'Task manager',
  page: 'semantics.md',
  rows: [],
};
