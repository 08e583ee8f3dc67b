import type { AnyNode, CallExpression, Expression, Literal, PrivateIdentifier } from 'acorn';
import { type Mutation, replaced } from './mutation.ts';

/** What is mistaken for what: a boundary moved, a comparison turned round, the wrong one of two words. */
const mistakenOperators: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&': ['|'],
  '|': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '+=': ['-='],
  '-=': ['+='],
  '++': ['--'],
  '--': ['++'],
};

const mistakenCalls: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  some: 'every',
  every: 'some',
};

/** From here on the last digit of a constant cannot be told in a test (a time, a size): it is ten times as much. */
const countedUpTo = 100;

/** Faults in what a node computes. */
export function expressionFaults(text: string, node: AnyNode): Mutation[] {
  switch (node.type) {
    case 'BinaryExpression':
      return isText(node.left) || isText(node.right) ? [] : wrongOperator(text, node, node.left, node.right);
    case 'LogicalExpression':
    case 'AssignmentExpression':
      return isText(node.right) ? [] : wrongOperator(text, node, node.left, node.right);
    case 'UpdateExpression': {
      const [start, end] = node.prefix ? [node.start, node.start + 2] : [node.end - 2, node.end];
      return mistakenOperators[node.operator]!.map((other) => replaced(text, start, end, other));
    }
    case 'UnaryExpression':
      if (node.operator !== '!') return [];
      return [replaced(text, node.start, node.end, text.slice(node.argument.start, node.argument.end))];
    case 'AwaitExpression':
      return [replaced(text, node.start, node.end, text.slice(node.argument.start, node.argument.end))];
    case 'IfStatement':
    case 'ConditionalExpression':
      return swappedBranches(text, node.test);
    case 'Literal':
      return wrongConstant(text, node);
    case 'CallExpression':
      return wrongCall(text, node);
    default:
      return [];
  }
}

function wrongOperator(
  text: string,
  { operator }: { readonly operator: string },
  left: { readonly end: number },
  right: { readonly start: number },
): Mutation[] {
  const start = text.indexOf(operator, left.end);
  if (start === -1 || start >= right.start) return [];
  return (mistakenOperators[operator] ?? []).map((other) =>
    replaced(text, start, start + operator.length, other),
  );
}

/** Where the condition compares or negates, a wrong operator has swapped the branches already. */
function swappedBranches(text: string, test: Expression): Mutation[] {
  if (test.type === 'BinaryExpression' && mistakenOperators[test.operator] !== undefined) return [];
  if (test.type === 'UnaryExpression' && test.operator === '!') return [];
  return [replaced(text, test.start, test.end, `!(${text.slice(test.start, test.end)})`)];
}

function wrongConstant(text: string, { value, raw, start, end }: Literal): Mutation[] {
  if (typeof value === 'boolean') return [replaced(text, start, end, `${!value}`)];
  if (typeof value !== 'number') return [];
  const wrong = raw?.startsWith('0o')
    ? `0o${(value + 1).toString(8)}`
    : `${value < countedUpTo ? value + 1 : value * 10}`;
  return [replaced(text, start, end, wrong)];
}

function wrongCall(text: string, { callee }: CallExpression): Mutation[] {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return [];
  const { name, start, end } = callee.property;
  const other = Object.hasOwn(mistakenCalls, name) ? mistakenCalls[name] : undefined;
  return other === undefined ? [] : [replaced(text, start, end, other)];
}

/** A `+` beside one joins words. */
function isText(node: Expression | PrivateIdentifier): boolean {
  if (node.type === 'TemplateLiteral') return true;
  if (node.type === 'BinaryExpression') return isText(node.left) || isText(node.right);
  return node.type === 'Literal' && typeof node.value === 'string' && node.value.length > 0;
}
