import type { Section } from '../row.js';

export const semantics5Spm: Section = {
  title: 'The SPM',
  page: 'semantics.md',
  rows: [],
};
