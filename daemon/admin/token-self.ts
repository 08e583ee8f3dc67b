import type { IncomingMessage } from 'node:http';
import { jsonAnswer } from '../http/http-routes.ts';
import { AdminRefused } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { done, envelope, enveloped } from './answers.ts';
import { shownToken } from './authorization.ts';
import { listField, textField } from './field-values.ts';
import { putOrPost } from './put-or-post.ts';
import { readFields } from './request-body.ts';

/** Whoever may call may do all that there is to do here. */
const policies = ['root'];

/** Each is answered twice. */
const mostPaths = 1000;

/** Seconds since 1970 when this process began, which is all that is known of a token's age. */
const startedAt = Math.floor(Date.now() / 1000 - process.uptime());

/**
 * `/v1/auth/token/…-self` and `/v1/sys/capabilities-self`: what clients ask of the token they show, before and after
 * what they came for. Terraform's provider works with a token that it has made for itself: here that is the one it
 * showed. No answer holds a secret that its caller did not send, and nothing happens.
 */
export const tokenSelfRoutes: readonly AdminRoute[] = [
  {
    path: '/v1/auth/token/lookup-self',
    shown: '/v1/auth/token/lookup-self',
    about:
      'What there is to know of the token that is shown: it may do everything here, and does not expire.',
    methods: { GET: lookup, POST: lookup, PUT: lookup },
  },
  {
    path: '/v1/auth/token/create',
    shown: '/v1/auth/token/create',
    about:
      'Answers the token that is shown: tokens stand in the file admin.tcp.token_file, and none is made here.',
    methods: putOrPost(async ({ request }) => {
      if (textField(await readFields(request), 'id') !== '') {
        throw new AdminRefused(
          'Cannot create a token with an "id": tokens stand in the file "admin.tcp.token_file", see audit-sidecar token new',
        );
      }
      return authorized(request);
    }),
  },
  {
    path: '/v1/auth/token/renew-self',
    shown: '/v1/auth/token/renew-self',
    about: 'Answers the token that is shown: it does not expire.',
    methods: putOrPost(async ({ request }) => {
      await readFields(request);
      return authorized(request);
    }),
  },
  {
    path: '/v1/auth/token/revoke-self',
    shown: '/v1/auth/token/revoke-self',
    about: 'Does nothing: a token is taken back in the file admin.tcp.token_file.',
    methods: putOrPost(async ({ request }) => {
      await readFields(request);
      return done;
    }),
  },
  {
    path: '/v1/sys/capabilities-self',
    shown: '/v1/sys/capabilities-self',
    about: 'What may be done with the paths of the list "paths": everything.',
    methods: putOrPost(async ({ request }) => {
      const given = await readFields(request);
      const paths = listField(given, 'paths') ?? listField(given, 'path') ?? [];
      if (paths.length === 0) throw new AdminRefused('paths must be supplied');
      if (paths.length > mostPaths)
        throw new AdminRefused(`Cannot tell of more than ${mostPaths} paths at once`);
      const each = Object.fromEntries(paths.map((path) => [path, policies]));
      return enveloped(paths.length === 1 ? { ...each, capabilities: policies } : each);
    }),
  },
];

function lookup({ request }: { readonly request: IncomingMessage }): ReturnType<typeof jsonAnswer> {
  const data = {
    accessor: '',
    creation_time: startedAt,
    creation_ttl: 0,
    display_name: 'root',
    entity_id: '',
    expire_time: null,
    explicit_max_ttl: 0,
    id: shownToken(request.headers) ?? '',
    meta: null,
    num_uses: 0,
    orphan: true,
    path: 'auth/token/root',
    policies,
    renewable: false,
    ttl: 0,
    type: 'service',
  };
  return jsonAnswer(200, { ...envelope(), data });
}

/** As Vault answers who has got a token. */
function authorized(request: IncomingMessage): ReturnType<typeof jsonAnswer> {
  const auth = {
    client_token: shownToken(request.headers) ?? '',
    accessor: '',
    policies,
    token_policies: policies,
    metadata: null,
    lease_duration: 0,
    renewable: false,
    entity_id: '',
    token_type: 'service',
    orphan: true,
    mfa_requirement: null,
    num_uses: 0,
  };
  return jsonAnswer(200, { ...envelope(), auth });
}
