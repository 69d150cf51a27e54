import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AvatarStore } from '../avatars/avatar-store.ts';
import { avatarQuerySchema, checked } from './api-schemas.ts';
import type { Config } from './config.ts';

type WithId = FastifyRequest<{ Params: { id: string } }>;

/** Portraits over HTTP: list, upload, look at, delete. */
export function addAvatarRoutes(server: FastifyInstance, { avatars, config }: { avatars: AvatarStore; config: Config }): void {
  const bodyLimit = Math.floor(config.avatars.maxUploadMb * 1024 * 1024);
  // In a scope of their own: no other address takes a picture for a body.
  void server.register((app, _options, done) => {
    // What the bytes are is read from the bytes: the declared type only has to say "an image" or "some bytes".
    app.addContentTypeParser(/^image\/|^application\/octet-stream$/, { parseAs: 'buffer', bodyLimit }, (_request, body, parsed) => { parsed(null, body); });

    app.get('/v1/avatars', () => ({ avatars: avatars.list().map((avatar) => withImageUrl(avatar)) }));

    app.post('/v1/avatars', { bodyLimit }, async (request, reply) => {
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
      await avatars.remove(request.params.id);
      return reply.status(204).send();
    });
    done();
  });
}

function withImageUrl<T extends { readonly id: string }>(avatar: T): T & { imageUrl: string } {
  return { ...avatar, imageUrl: `/v1/avatars/${avatar.id}/image` };
}
