import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AvatarStore } from '../avatars/avatar-store.ts';
import { AvatarError } from '../base/errors.ts';
import { avatarQuerySchema, checked } from './api-schemas.ts';
import type { Config } from './config.ts';

/** Portraits that may be on their way at once, each in memory as far as it has come. */
const MOST_UPLOADS = 8;

type WithId = FastifyRequest<{ Params: { id: string } }>;

/** Portraits over HTTP: list, upload, look at, delete. */
export function addAvatarRoutes(server: FastifyInstance, { avatars, config }: { avatars: AvatarStore; config: Config }): void {
  const bodyLimit = Math.floor(config.avatars.maxUploadMb * 1024 * 1024);
  let uploads = 0;
  // In a scope of their own: no other address takes a picture for a body.
  void server.register((app, _options, done) => {
    // What the bytes are is read from the bytes: the declared type only has to say "an image" or "some bytes".
    app.addContentTypeParser(/^image\/|^application\/octet-stream$/, { parseAs: 'buffer', bodyLimit }, (_request, body, parsed) => { parsed(null, body); });

    app.get('/v1/avatars', () => ({ avatars: defaultFirst(avatars.list(), config.avatars.default).map((avatar) => withImageUrl(avatar)) }));

    // Asked before the body is read. The answer's end is told of whatever happens, also when the client goes in the middle.
    const onRequest = (_request: FastifyRequest, reply: FastifyReply, next: (error?: Error) => void): void => {
      if (uploads >= MOST_UPLOADS) {
        next(new AvatarError('rate_limited', `${uploads} portraits are being sent already. Try again after Retry-After seconds.`));
        return;
      }
      uploads += 1;
      reply.raw.once('close', () => { uploads -= 1; });
      next();
    };

    app.post('/v1/avatars', { bodyLimit, onRequest }, async (request, reply) => {
      const { name } = checked(avatarQuerySchema, request.query);
      const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array();
      const avatar = await avatars.add(bytes, { name: name ?? 'My portrait' });
      return reply.status(201).header('location', `/v1/avatars/${avatar.id}`).send(withImageUrl(avatar));
    });

    app.get('/v1/avatars/:id', (request: WithId) => withImageUrl(avatars.describe(request.params.id)));

    app.get('/v1/avatars/:id/image', async (request: WithId, reply) => {
      const { contentType, body } = await avatars.readImage(request.params.id);
      return reply.type(contentType).header('cache-control', 'private, max-age=3600').send(body);
    });

    app.delete('/v1/avatars/:id', async (request: WithId, reply) => {
      const { id } = request.params;
      if (id === config.avatars.default) {
        throw new AvatarError('avatar_protected', `The avatar ${id} is this server's default and cannot be deleted. Set another as avatars.default first.`);
      }
      await avatars.remove(id);
      return reply.status(204).send();
    });
    done();
  });
}

/** In the order of a list to choose from: pages begin with the first. */
function defaultFirst<T extends { readonly id: string }>(avatars: readonly T[], first: string): T[] {
  return avatars.toSorted((a, b) => Number(b.id === first) - Number(a.id === first));
}

function withImageUrl<T extends { readonly id: string }>(avatar: T): T & { imageUrl: string } {
  return { ...avatar, imageUrl: `/v1/avatars/${avatar.id}/image` };
}
