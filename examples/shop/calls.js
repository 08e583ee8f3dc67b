/** What two customers and a clerk do. */
export async function makeCalls(address) {
  await call('GET', '/livez');
  await call('POST', '/v1/login', { user: 'ann', password: 'wrong-guess' });
  const ann = await login('ann', 'correct horse battery');
  const bob = await login('bob', 'hunter2-of-bob');
  const eve = await login('eve', 'clerks-know-it');
  await call('PUT', '/v1/cart?coupon=SECRET-COUPON', { items: [{ sku: 'sku-7', qty: 2 }] }, ann);
  const { id } = await call('POST', '/v1/orders', order, ann);
  await call('GET', `/v1/orders/${id}`, undefined, bob);
  await call('GET', `/v1/customers/u-17?fields=email`, undefined, eve);
  await call('DELETE', `/v1/orders/${id}`, undefined, bob);
  await call('DELETE', `/v1/orders/${id}`, undefined, ann);
  await call('GET', `/v1/orders/${id}`, undefined, ann);

  async function login(user, password) {
    return (await call('POST', '/v1/login', { user, password })).token;
  }

  async function call(method, path, body, token) {
    const headers = { 'content-type': 'application/json', 'user-agent': 'shop-app/5.1' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(address + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return text.startsWith('{') ? JSON.parse(text) : text;
  }
}

const order = {
  card: 4111111111111111,
  cvv: '123',
  items: [{ sku: 'sku-7', qty: 2 }],
  address: { street: 'Elm Street 1' },
};
