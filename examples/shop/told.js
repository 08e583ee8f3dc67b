/** What the record of a response says, in a sentence. */
export function told({ time, auth, request, resource, response, outcome }) {
  const who = auth === undefined ? 'somebody' : `${auth.display_name} (${auth.user_id})`;
  const what = resource === undefined ? '' : ` ${[resource.type, resource.id].filter(Boolean).join(' ')}`;
  const how = `${request.method} ${request.path} answered ${response.status}`;
  return `${time.slice(11, 19)}  ${who.padEnd(11)} ${request.operation}${what}: ${outcome} (${how})`;
}
