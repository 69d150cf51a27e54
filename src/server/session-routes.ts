import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Session } from '../session.ts';
import type { Studio } from '../studio.ts';
import { candidateSchema, checked, sessionRequestSchema } from './api-schemas.ts';
import type { Config } from './config.ts';
import type { SessionRegistry } from './session-registry.ts';

/** Largest SDP offer, in bytes. */
const MAX_SDP_BYTES = 64 * 1024;

type WithId = FastifyRequest<{ Params: { id: string } }>;

/** Sessions over HTTP: create, connect by one POST of an SDP offer, trickle, end. */
export function addSessionRoutes(app: FastifyInstance, { studio, sessions, config }: { studio: Studio; sessions: SessionRegistry; config: Config }): void {
  app.addContentTypeParser('application/sdp', { parseAs: 'string', bodyLimit: MAX_SDP_BYTES }, (_request, body, done) => { done(null, body); });

  app.post('/v1/sessions', async (request, reply) => {
    const asked = checked(sessionRequestSchema, request.body);
    const session = await sessions.add(() => studio.openSession(asked));
    return reply.status(201).header('location', `/v1/sessions/${session.id}`).send(describe(session, config));
  });

  app.get('/v1/sessions/:id', (request: WithId) => describe(sessions.get(request.params.id), config));

  for (const path of ['/v1/sessions/:id', '/v1/sessions/:id/webrtc']) {
    app.delete(path, async (request: WithId, reply) => {
      await sessions.get(request.params.id).end('deleted');
      return reply.status(204).send();
    });
  }

  // A page that is being closed can only send a beacon, which is a POST.
  app.post('/v1/sessions/:id/end', async (request: WithId, reply) => {
    await sessions.get(request.params.id).end('viewer_left');
    return reply.status(204).send();
  });

  app.post('/v1/sessions/:id/webrtc', async (request: WithId, reply) => {
    const session = sessions.get(request.params.id);
    const offer = typeof request.body === 'string' ? request.body : '';
    const answer = await session.connect(offer);
    return reply.status(201).type('application/sdp').header('location', `/v1/sessions/${session.id}/webrtc`).send(answer);
  });

  app.patch('/v1/sessions/:id/webrtc', async (request: WithId, reply) => {
    await sessions.get(request.params.id).addCandidate(checked(candidateSchema, request.body));
    return reply.status(204).send();
  });
}

function describe(session: Session, { webrtc }: Config): object {
  return {
    id: session.id,
    webrtcUrl: `/v1/sessions/${session.id}/webrtc`,
    streamUrl: `/v1/sessions/${session.id}/stream`,
    avatar: session.avatar.id,
    voice: session.voice,
    pack: session.pack,
    mode: session.mode,
    state: session.state,
    width: session.avatar.width,
    height: session.avatar.height,
    iceServers: webrtc.iceServers,
  };
}
