import { fileURLToPath } from 'node:url';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { AvatarError } from '../base/errors.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import { Studio } from '../studio.ts';
import { addAvatarRoutes } from './avatar-routes.ts';
import type { Config } from './config.ts';
import { addErrorReplies, replyError } from './error-replies.ts';
import { isAllowed, isLoopback, urlHost } from './host-guard.ts';
import { addJsonBody } from './json-body.ts';
import { Metrics } from './metrics.ts';
import { bundlePage } from './page-bundle.ts';
import { addPageRoutes } from './page-routes.ts';
import { SessionRegistry } from './session-registry.ts';
import { addSessionRoutes } from './session-routes.ts';
import { addStreamUpgrade, wantsWebSocket } from './stream-upgrade.ts';

/** Longest time that a request may take to come in whole, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Why a system does not let a server listen: the setting that is at fault, and what to do. */
const LISTEN_ADVICE: Readonly<Record<string, readonly [setting: string, advice: string]>> = Object.freeze({
  EADDRINUSE: ['server.port', 'another program listens there. Choose another port, or 0 for any that is free.'],
  EACCES: ['server.port', 'this user may not listen there. Choose a port from 1024 on, or 0 for any that is free.'],
  EADDRNOTAVAIL: ['server.host', 'this machine does not have that address. Choose one of its own, or 0.0.0.0 for all of them.'],
  ENOTFOUND: ['server.host', 'no such name is known. Choose an address of this machine, or 0.0.0.0 for all of them.'],
});

const CLIENT_FOLDER = fileURLToPath(new URL('../../client', import.meta.url));

/** The running server: page, API, WebSockets and metrics on one port. */
export class OratorServer implements Closeable {
  readonly #scope: Scope;
  /** The HTTP application; tests inject requests here without a socket. */
  readonly app: FastifyInstance;
  readonly sessions: SessionRegistry;
  readonly #config: Config;
  #url: string | undefined;

  private constructor(parts: { scope: Scope; app: FastifyInstance; sessions: SessionRegistry; config: Config }) {
    this.#scope = parts.scope;
    this.app = parts.app;
    this.sessions = parts.sessions;
    this.#config = parts.config;
  }

  /** Makes everything ready, without listening yet. Bundling the page and loading the models go side by side. */
  static async create(config: Config, logger: FastifyBaseLogger): Promise<OratorServer> {
    const scope = new Scope();
    try {
      const metrics: Metrics = new Metrics(() => ({ ...sessions.gauges(), packs: studio.loadedPacks }));
      const [studio, page]: [Studio, Awaited<ReturnType<typeof bundlePage>>] = await Promise.all([
        scope.ownOpened(Studio.open(studioOptions(config), { logger, stats: metrics })),
        bundlePage(CLIENT_FOLDER),
      ]);
      const sessions: SessionRegistry = new SessionRegistry({ limits: config.sessions, metrics, logger, leftOutShare: () => studio.leftOutShare });
      const app: FastifyInstance = Fastify({
        loggerInstance: logger, logController: new LogController({ disableRequestLogging: true }), trustProxy: config.server.trustProxy,
        bodyLimit: 64 * 1024, requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: true, frameworkErrors: replyError,
        http: { shouldUpgradeCallback: wantsWebSocket },
      });
      scope.defer(() => app.close());
      // Closed after the sessions, which say goodbye on their WebSockets.
      scope.own(addStreamUpgrade(app.server, { sessions, config, logger }));
      scope.own(sessions);
      await addGuards(app, config);
      addErrorReplies(app);
      addJsonBody(app);
      addPageRoutes(app, page);
      addHealthRoutes(app, { studio, metrics, sessions, config });
      addSessionRoutes(app, { studio, sessions, config });
      addAvatarRoutes(app, { avatars: studio.avatars, config });
      return new OratorServer({ scope, app, sessions, config });
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  /**
   * Listens, and returns the address to open in a browser.
   * @throws AvatarError `invalid_config` when the port is taken or not for this user, or the address is not this machine's.
   */
  async listen(): Promise<string> {
    const { host, port } = this.#config.server;
    try {
      await this.app.listen({ host, port });
    } catch (cause) {
      const found = LISTEN_ADVICE[(cause as NodeJS.ErrnoException).code ?? ''];
      throw found === undefined ? cause : new AvatarError('invalid_config', `The setting ${found[0]} does not fit, with port ${port} on ${host}: ${found[1]}`, { cause });
    }
    const address = this.app.server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    this.#url = `http://${host === '127.0.0.1' ? 'localhost' : urlHost(host)}:${bound}`;
    return this.#url;
  }

  /** Ends every session, stops listening and frees everything. */
  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function addGuards(app: FastifyInstance, config: Config): Promise<void> {
  app.addHook('onRequest', (request, _reply, done) => {
    done(isAllowed(request, config.server) ? undefined : new AvatarError('forbidden_origin', 'The request came for a host name, or from a page, that this server does not serve. See server.allowedHosts and server.allowedOrigins.'));
  });
  await app.register(cors, { origin: config.server.allowedOrigins, methods: ['GET', 'POST', 'PATCH', 'DELETE'], exposedHeaders: ['location', 'retry-after'] });
  await app.register(rateLimit, {
    max: config.server.requestsPerMinute, timeWindow: '1 minute',
    errorResponseBuilder: () => new AvatarError('rate_limited', `More than ${config.server.requestsPerMinute} requests in a minute. Wait for Retry-After seconds.`),
  });
}

function addHealthRoutes(app: FastifyInstance, { studio, metrics, sessions, config }: { studio: Studio; metrics: Metrics; sessions: SessionRegistry; config: Config }): void {
  const unlimited = { config: { rateLimit: false } };
  app.get('/healthz', unlimited, () => ({ status: 'ok' }));
  app.get('/readyz', unlimited, (_request, reply) => {
    const { full } = sessions;
    return reply.status(full ? 503 : 200).send({ status: full ? 'full' : 'ready', sessions: sessions.size, max: config.sessions.max });
  });
  app.get('/metrics', unlimited, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  app.get('/v1/voices', () => ({ voices: studio.voices() }));
  app.get('/v1/packs', async () => ({ packs: (await studio.packs()).map((id) => ({ id })), style: config.face.style }));
}

function studioOptions({ speech, video, webrtc, avatars, face, sadtalker, render, server, sessions }: Config): Parameters<typeof Studio.open>[0] {
  return {
    speech, video, avatars, face, sadtalker, renderThreads: render.threads,
    webrtc: { ...webrtc, loopbackOnly: isLoopback(server.host) && !webrtc.allInterfaces, silenceTimeoutMs: sessions.silenceS * 1000 },
  };
}
