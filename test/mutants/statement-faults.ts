import type { AnyNode } from 'acorn';
import { dropped, type Mutation } from './mutation.ts';

/** Faults in what a node does: a statement that is not there. `above`: the nodes around it, the nearest last. */
export function statementFaults(text: string, node: AnyNode, above: readonly AnyNode[]): Mutation[] {
  switch (node.type) {
    case 'ExpressionStatement':
      return isDroppable(node.expression, above) ? [dropped(text, node.start, node.end)] : [];
    case 'ReturnStatement':
    case 'ThrowStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
      return endsABranch(above) ? [dropped(text, node.start, node.end)] : [];
    default:
      return [];
  }
}

function isDroppable(expression: AnyNode, above: readonly AnyNode[]): boolean {
  switch (expression.type) {
    case 'CallExpression':
      return expression.callee.type !== 'Super';
    case 'AwaitExpression':
    case 'UnaryExpression':
      return isDroppable(expression.argument, above);
    case 'AssignmentExpression':
      // What a constructor keeps is missed at once by whatever uses it.
      return expression.operator === '=' && !isInConstructor(above);
    default:
      return false;
  }
}

function isInConstructor(above: readonly AnyNode[]): boolean {
  const method = above.findLast(
    (node) => node.type === 'MethodDefinition' || node.type === 'FunctionDeclaration',
  );
  return method?.type === 'MethodDefinition' && method.kind === 'constructor';
}

/** Whether it ends an `if` early, so that without it the rest is done all the same. */
function endsABranch(above: readonly AnyNode[]): boolean {
  const [outer, inner] = above.slice(-2);
  return inner?.type === 'IfStatement' || (inner?.type === 'BlockStatement' && outer?.type === 'IfStatement');
}
