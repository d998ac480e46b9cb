import { stateOf, type Row, type RowState, type RowWithoutEqual, type Section } from './row.js';

const STATES = ['holds', 'differs', 'does not apply'] as const satisfies readonly RowState[];

/** The whole table as a page of the docs. */
export function pageOf(sections: readonly Section[]): string {
  const filled = sections.filter(({ rows }) => rows.length > 0);
  return [
    '# Conformance',
    '',
    'What the specification says of task manager, hosts and SPM, and what is known of oVirt and vdsm, row by row: what is given, what is done, what is then so.',
    '',
    '- _holds_: what stands under _then_ is so here, as the page says it, or as the real system does it; a test holds it.',
    '- _differs_: what stands under _then_ is so here, and a test holds it; the real system does what the last column says, or what the source names.',
    '- _does not apply_: there is nothing of it here; what stands under _given_ is what the real system does. That can be a limit of the simulation.',
    '',
    '_There_ is oVirt or vdsm. This page is made by `npm run conformance`, and a test fails when it is not what the rows say.',
    '',
    countsOf(filled),
    ...filled.flatMap(sectionText),
  ].join('\n');
}

function countsOf(sections: readonly Section[]): string {
  const states = sections.map(({ rows }) => rows.map(stateOf));
  const cells = (of: readonly RowState[]): string => STATES.map((state) => of.filter((one) => one === state).length).join(' | ');
  const lines = sections.map(({ title, page }, i) => `| ${escaped(title)} (${page}) | ${cells(states[i] ?? [])} |`);
  return ['| section | holds | differs | does not apply |', '|---|---|---|---|', ...lines, `| **all** | ${cells(states.flat())} |`, ''].join('\n');
}

function sectionText({ title, page, rows }: Section): readonly string[] {
  return [`## ${title} (${page})`, '', '| row | source | given | when | then | state |', '|---|---|---|---|---|---|', ...rows.map(lineOf), ''];
}

function lineOf(row: Row | RowWithoutEqual): string {
  const cells =
    'doesNotApply' in row
      ? [row.id, row.source, row.fact, '', '', `does not apply: ${row.doesNotApply}`]
      : [row.id, row.source, row.given, row.when, row.then, row.differs === undefined ? 'holds' : `differs: ${row.differs}`];
  return `| ${cells.map(escaped).join(' | ')} |`;
}

/** A cell of a Markdown table is one line, and `|` ends it; `<` would begin a tag. */
function escaped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
