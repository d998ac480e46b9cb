import type { Section } from '../row.js';

export const vdsm7Latency: Section = {
  title: 'Latencies',
  page: 'vdsm-facts.md',
  rows: [],
};
