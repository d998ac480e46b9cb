import type { Section } from '../row.js';

export const ovirt2: Section = {
  title: 'AsyncTaskManager and tasks',
  page: 'ovirt-facts.md',
  rows: [],
};
