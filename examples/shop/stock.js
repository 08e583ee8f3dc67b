/** What the shop knows when it opens. Its secrets are made up, and none of them may be in the log. */
export const users = new Map([
  ['ann', { id: 'u-17', name: 'Ann', roles: ['customer'], password: 'correct horse battery' }],
  ['bob', { id: 'u-18', name: 'Bob', roles: ['customer'], password: 'hunter2-of-bob' }],
  ['eve', { id: 'u-4', name: 'Eve', roles: ['clerk'], password: 'clerks-know-it' }],
]);

export const customers = new Map([
  ['u-17', { email: 'ann@shop.example', born: '1990-01-01', balance: 1050 }],
  ['u-18', { email: 'bob@shop.example', born: '1985-06-07', balance: 20 }],
]);
