import type { ExpressRequest } from './express-request.ts';

/**
 * Follows a request of Express to its route. Express keeps the path at which a router is mounted with the parameters' values in
 * it, and forgets it on the way to the error handlers; at the moment when a router is entered, it has the parameters, too.
 */
export class RouteTemplate {
  readonly #request: ExpressRequest;
  #mount: string | undefined;
  /** Of mounts that were entered on the way. */
  readonly #templates = new Map<string, string>();
  #route: ExpressRequest['route'];
  #template: string | undefined;

  constructor(request: ExpressRequest) {
    this.#request = request;
    this.#mount = request.baseUrl;
    this.#enterRoute(request.route);
    const isSeen = { configurable: true, enumerable: true };
    Object.defineProperty(request, 'baseUrl', {
      ...isSeen,
      get: () => this.#mount,
      set: (mount: string | undefined) => this.#enterMount(mount),
    });
    Object.defineProperty(request, 'route', {
      ...isSeen,
      get: () => this.#route,
      set: (route: ExpressRequest['route']) => this.#enterRoute(route),
    });
  }

  /** Of the route that was matched last; `undefined` as long as there is none. */
  get template(): string | undefined {
    return this.#template;
  }

  /** `undefined` is what the outermost router leaves behind. */
  #enterMount(mount: string | undefined): void {
    const above = this.#mount ?? '';
    if (mount?.startsWith(above) && mount.length > above.length && !this.#templates.has(mount)) {
      const below = templateOf(mount.slice(above.length), this.#request.params ?? {});
      this.#templates.set(mount, this.#mountTemplate + below);
    }
    this.#mount = mount;
  }

  #enterRoute(route: ExpressRequest['route']): void {
    this.#route = route;
    if (route?.path === undefined) return;
    const below = pathText(route.path);
    this.#template =
      below === '/' && this.#mountTemplate !== '' ? this.#mountTemplate : this.#mountTemplate + below;
  }

  get #mountTemplate(): string {
    const mount = this.#mount ?? '';
    return this.#templates.get(mount) ?? mount;
  }
}

/** A route can have several paths, and patterns. */
function pathText(path: unknown): string {
  return Array.isArray(path) ? path.map(pathText).join('|') : String(path);
}

/** The path with the segments that are parameters' values named for them. */
function templateOf(path: string, params: Readonly<Record<string, string | string[]>>): string {
  const values = Object.entries(params).flatMap(([name, value]) =>
    [value].flat().map((each) => ({ name, each })),
  );
  const segments = path.split('/');
  // From the end: a value can be that of a fixed segment before it, as in `/shops/:shop`.
  for (const { name, each } of values.reverse()) {
    const at = segments.findLastIndex((segment) => segment !== '' && decoded(segment) === each);
    if (at !== -1) segments[at] = `:${name}`;
  }
  return segments.join('/');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
