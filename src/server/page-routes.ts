import type { FastifyInstance } from 'fastify';
import type { PageFile } from './page-bundle.ts';

/** The page loads nothing from elsewhere and runs no inline script. */
const SECURITY_HEADERS = Object.freeze({
  'content-security-policy': "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob: data:; media-src 'self' blob: mediastream:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
});

/** Serves the page's files. */
export function addPageRoutes(app: FastifyInstance, files: ReadonlyMap<string, PageFile>): void {
  for (const [path, { contentType, body }] of files) {
    app.get(path, { config: { rateLimit: false } }, (_request, reply) => reply.headers(SECURITY_HEADERS).type(contentType).send(body));
  }
}
