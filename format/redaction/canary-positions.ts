import { parseJsonPath } from '../json-path.ts';
import type { RecordPolicy } from '../line-options.ts';
import { profiles } from '../profile.ts';

/** One step from the record: the name of a member, or `null` for the only element of an array. */
export type CanaryStep = string | null;

/** A place in a record where a canary is put. */
export interface CanaryPosition {
  readonly steps: readonly CanaryStep[];
  /** `query`: as a value in the query or fragment of a path. */
  readonly kind: 'text' | 'number' | 'query';
}

/** A member, an element, and both far inside; deeper than 32 levels the kernel goes another way. */
const below: readonly string[] = [
  ...['', '.canary', '[]', '.canary.inside[].deep[][].deeper'],
  '.canary[].a.b[][]'.repeat(10),
];

/** Places that every record may have. Most are hashed by every policy; which are by this one, `mustBeHidden` says. */
const everywhere: readonly string[] = [
  ...['auth', 'response.auth'].flatMap((auth) => [
    ...['client_token', 'accessor', 'canary', 'metadata', 'policies.canary', 'display_name.canary'].map(
      (name) => `${auth}.${name}`,
    ),
  ]),
  ...['request.client_token', 'request.client_token_accessor'],
  ...['token', 'accessor', 'wrapped_accessor', 'canary'].map((name) => `response.wrap_info.${name}`),
  ...[
    'request.data',
    'response.data',
    'request.query',
    'canary',
    'request.canary',
    'response.canary',
  ].flatMap((path) => below.map((rest) => path + rest)),
  ...['response.data.keys[]', 'response.data.key_info.canary.canary', 'resource.canary', 'service.a.canary'],
  ...[
    'error',
    'error.canary',
    'response.headers.canary[]',
    'response.redirect',
    'response.warnings[].canary',
  ],
  ...[
    'request.id.canary',
    'request.id[]',
    'request.path.canary',
    'request.headers',
    'time.canary',
    'type.canary',
  ],
];

/** Texts that may be readable and have paths and URLs in them. */
const urls: readonly string[] = [
  ...['request.path', 'request.route', 'response.redirect'],
  ...['request.user_agent', 'reason', 'auth.display_name', 'request.forwarded_for[]'],
];

/** Fields, headers and keys of the configuration, each: more are not tried. */
const mostConfigured = 200;

/** Where canaries are put for this policy. */
export function canaryPositions(policy: RecordPolicy): CanaryPosition[] {
  // What would be readable may be hashed by a field of the configuration.
  const known = policy.hashFields.length === 0 ? [] : profiles[policy.profile].paths.map(([path]) => path);
  const paths = [...everywhere, ...known, ...policy.hashFields.slice(0, mostConfigured)].map(stepsOf);
  const keys = [...policy.mounts.values()].flatMap(({ requestKeys, responseKeys }) => [
    ...requestKeys.map((key) => ['request', 'data', key]),
    ...responseKeys.map((key) => ['response', 'data', key, null]),
  ]);
  const headers = [...policy.auditedHeaders.keys(), 'canary-that-is-not-audited'].slice(-mostConfigured);
  const values = [[], [null], [null, 'canary'], ['canary', null]];
  const inHeaders = headers.flatMap((name) => values.map((rest) => ['request', 'headers', name, ...rest]));
  const both = [...paths, ...keys.slice(0, mostConfigured), ...inHeaders];
  return [
    ...both.flatMap((steps) => (['text', 'number'] as const).map((kind) => ({ steps, kind }))),
    ...urls.map((path) => ({ steps: stepsOf(path), kind: 'query' as const })),
  ];
}

/** A place to which a path leads. */
function stepsOf(path: string): CanaryStep[] {
  return (parseJsonPath(path) ?? []).map((segment) => {
    if (segment.kind === 'elements') return null;
    if (segment.kind === 'rest') return 'canary';
    return segment.kind === 'name' ? segment.name : `${segment.prefix}canary`;
  });
}

/** As rules spell it. */
export function positionText(steps: readonly CanaryStep[]): string {
  return steps
    .map((step) => (step === null ? '[]' : `.${step}`))
    .join('')
    .slice(1);
}
