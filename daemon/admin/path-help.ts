import { captured } from '../http/http-router.ts';
import { type HttpAnswer, jsonAnswer } from '../http/http-routes.ts';
import type { AdminRoute } from './admin-route.ts';
import { unsupportedPath } from './answers.ts';

/** `GET …?help=1`, which `bao path-help` asks: what the path is for, or which paths are below it. */
export function pathHelp(routes: readonly AdminRoute[], path: string): HttpAnswer {
  const asked = path.replace(/\/$/, '');
  const route = routes.find((each) => captured(each.path, asked) !== null);
  if (route !== undefined) {
    const methods = Object.keys(route.methods).join(', ');
    return help(`${route.about}\n\nMethods: ${methods}\n\nMore in docs/api.md of audit-sidecar.\n`);
  }
  const below = routes.filter(({ shown }) => `${shown}/`.startsWith(`${asked}/`));
  if (below.length === 0) return unsupportedPath;
  const lines = below.map(({ shown, about }) => `    ${shown.slice('/v1/'.length)}\n        ${about}\n`);
  return help(`## PATHS\n\n${lines.join('\n')}`);
}

function help(text: string): HttpAnswer {
  return jsonAnswer(200, { help: text, see_also: null });
}
