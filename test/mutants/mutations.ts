import { type AnyNode, parse } from 'acorn';
import { expressionFaults } from './expression-faults.ts';
import type { Mutation } from './mutation.ts';
import { statementFaults } from './statement-faults.ts';

/** Every fault that can be planted in a module's text (JavaScript), from its beginning to its end. */
export function mutationsOf(text: string): Mutation[] {
  const found: Mutation[] = [];
  const visit = (node: AnyNode, above: readonly AnyNode[]): void => {
    if (cannotMatter(text, node)) return;
    found.push(...statementFaults(text, node, above), ...expressionFaults(text, node));
    const around = [...above, node];
    for (const child of childrenOf(node)) visit(child, around);
  };
  visit(parse(text, { ecmaVersion: 2023, sourceType: 'module' }) as AnyNode, []);
  return found.sort((one, other) => one.start - other.start);
}

/** Imports fail at once, and words for a person are not compared. */
function cannotMatter(text: string, node: AnyNode): boolean {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'TemplateLiteral':
      return true;
    case 'ExpressionStatement':
      return isLogCall(text, node.expression);
    default:
      return false;
  }
}

function isLogCall(text: string, node: AnyNode): boolean {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return false;
  const { start, end } = node.callee.object;
  return /(^|[.#])log$/.test(text.slice(start, end));
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flat()
    .filter((value): value is AnyNode => typeof value?.type === 'string' && typeof value.start === 'number');
}
