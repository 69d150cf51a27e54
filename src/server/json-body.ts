import type { FastifyInstance } from 'fastify';

/** Reads JSON bodies; an empty one counts as none: many clients declare JSON with every request, also with a DELETE. */
export function addJsonBody(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') {
      done(null, undefined);
      return;
    }
    void parse(request, body as string, done);
  });
}
