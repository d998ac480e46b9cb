import type { Problem } from '../problem.js';
import type { CommandDeclaration } from './declaration.js';
import { placed } from './each.js';

/** Commands that start themselves as children, or each other in a circle: they would never end. Each circle is told once, where it closes. */
export function childCycles(declarations: readonly CommandDeclaration[]): readonly Problem[] {
  const problems: Problem[] = [];
  const settled = new Set<string>();
  for (const { type } of declarations) follow(type, []);
  return problems;

  function follow(type: string, above: readonly string[]): void {
    if (settled.has(type)) return;
    const i = declarations.findIndex((declaration) => declaration.type === type);
    const declaration = declarations[i];
    if (declaration === undefined) return;
    const line = [...above, type];
    for (const [h, { beforeTask }] of declaration.handlers.entries()) {
      for (const { item, path } of placed(beforeTask.children, ['define', i, 'handlers', h, 'beforeTask', 'children'])) {
        if (line.includes(item.type)) {
          const circle = [...line.slice(line.indexOf(item.type)), item.type].join(' starts ');
          problems.push({ path: [...path, 'type'], at: 'value', message: `a circle of children: ${circle}` });
        } else {
          follow(item.type, line);
        }
      }
    }
    settled.add(type);
  }
}
