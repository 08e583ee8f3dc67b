import { randomBytes } from 'node:crypto';
import { auditExpress } from 'audit-sidecar/express';
import express from 'express';
import { customers, users } from './stock.js';

/** The API of a shop. Its handlers do nothing for the audit; all of that is in the first lines. */
export function shop(client) {
  const audit = auditExpress(client, {
    service: { name: 'shop-api', version: '1.0.0' },
    leaveOut: ['/livez'],
    auth: ({ user }) =>
      user && { user_id: user.id, display_name: user.name, roles: user.roles, method: 'password' },
    resource: ({ path, resource }) => resource ?? resourceOf(path),
    operation: ({ path }) => (path === '/v1/login' ? 'login' : undefined),
  });
  const sessions = new Map();
  const orders = new Map();
  const carts = new Map();

  const app = express();
  app.use(audit.early); // what is refused before the audit's own place is recorded, too
  app.use(express.json());
  app.use((request, _response, next) => {
    request.user = sessions.get(request.get('authorization')?.replace('Bearer ', ''));
    next();
  });
  app.use(audit); // here it is known who asks for what

  app.get('/livez', (_request, response) => response.send('fine'));

  app.post('/v1/login', (request, response) => {
    const user = users.get(request.body?.user);
    if (user === undefined || user.password !== request.body.password)
      throw refusal(401, 'wrong user or password');
    const token = randomBytes(16).toString('hex');
    sessions.set(token, user);
    request.user = user;
    response.status(201).json({ token });
  });

  app.use('/v1', (request, _response, next) => {
    next(request.user === undefined ? refusal(401, 'log in first') : undefined);
  });

  app.get('/v1/customers/:id', (request, response) => {
    response.json(ownOf(request, customers, request.params.id, request.params.id));
  });

  app.put('/v1/cart', (request, response) => {
    carts.set(request.user.id, request.body);
    response.json(request.body);
  });

  app.post('/v1/orders', (request, response) => {
    const order = { id: `o-${orders.size + 991}`, owner: request.user.id, items: request.body.items };
    orders.set(order.id, order);
    request.resource = { type: 'order', id: order.id };
    response.status(201).json(order);
  });

  app.get('/v1/orders/:id', (request, response) => {
    response.json(ownOf(request, orders, request.params.id));
  });

  app.delete('/v1/orders/:id', (request, response) => {
    ownOf(request, orders, request.params.id);
    orders.delete(request.params.id);
    response.sendStatus(204);
  });

  app.use(audit.errors); // the text of an error belongs into the record
  app.use((error, _request, response, _next) => {
    response.status(error.status ?? 500).json({ error: error.status ? error.message : 'internal error' });
  });
  return app;
}

function resourceOf(path) {
  const [, , kind, id] = path.split('/');
  const type = { orders: 'order', customers: 'customer', cart: 'cart' }[kind];
  return type && { type, id };
}

/** What the user may see: their own, and clerks all. */
function ownOf({ user }, all, id, owner = all.get(id)?.owner) {
  const found = all.get(id);
  if (found === undefined) throw refusal(404, 'not found');
  if (owner !== user.id && !user.roles.includes('clerk')) throw refusal(403, 'not permitted');
  return found;
}

function refusal(status, message) {
  return Object.assign(new Error(message), { status });
}
