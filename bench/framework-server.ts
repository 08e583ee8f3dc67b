import { createServer, type RequestListener } from 'node:http';
import { type Client, connect } from 'audit-sidecar/client';
import { auditExpress } from 'audit-sidecar/express';
import { auditFastify } from 'audit-sidecar/fastify';
import { auditHttp } from 'audit-sidecar/http';
import express from 'express';
import fastify from 'fastify';

// `node framework-server.js FRAMEWORK SOCKET [INGEST]`: a server that takes orders, recorded or not.

const user = { id: 'u-17', name: 'Ann', roles: ['customer'] };
const service = { name: 'shop', version: '1' };

function orderOf(id: string, body: unknown): object {
  return { id, owner: user.id, status: 'taken', body };
}

function bareServer(client: Client | null): RequestListener {
  const listener: RequestListener = async (request, response) => {
    let text = '';
    for await (const piece of request) text += String(piece);
    const id = request.url!.slice(request.url!.lastIndexOf('/') + 1);
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify(orderOf(id, JSON.parse(text))));
  };
  return client === null
    ? listener
    : auditHttp(client, { service, auth: () => ({ user_id: user.id }) }).listener(listener);
}

function expressServer(client: Client | null): RequestListener {
  const app = express();
  const audit = client === null ? null : auditExpress(client, { service });
  if (audit !== null) app.use(audit.early);
  app.use(express.json());
  app.use((request, _response, next) => {
    Object.assign(request, { user });
    next();
  });
  if (audit !== null) app.use(audit);
  app.post('/orders/:id', (request, response) => {
    response.status(201).json(orderOf(request.params.id, request.body));
  });
  return app;
}

async function fastifyServer(client: Client | null, socketPath: string): Promise<void> {
  const app = fastify();
  if (client !== null) await app.register(auditFastify(client, { service }));
  app.addHook('preHandler', async (request) => {
    Object.assign(request, { user });
  });
  app.post('/orders/:id', async (request, reply) => {
    reply.code(201);
    return orderOf((request.params as { id: string }).id, request.body);
  });
  await app.listen({ path: socketPath });
}

const [framework, socketPath, ingest] = process.argv.slice(2) as [string, string, string | undefined];
const client = ingest === undefined ? null : connect(ingest);
if (framework === 'fastify') await fastifyServer(client, socketPath);
else createServer(framework === 'express' ? expressServer(client) : bareServer(client)).listen(socketPath);
