import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { AvatarError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Closeable } from '../base/scope.ts';
import { ControlChannel, MAX_MESSAGE_BYTES } from '../transport/control-channel.ts';
import type { Config } from './config.ts';
import { isAllowed } from './host-guard.ts';
import type { SessionRegistry } from './session-registry.ts';

const STREAM_PATH = /^\/v1\/sessions\/([\w-]+)\/stream$/;

/** WebSocket close code of a refusal; the reason is the error's code. */
const REFUSED = 4000;

/** Says whether a request is to become a WebSocket: clients that would rather speak HTTP/2 ask for an upgrade too, and are answered as they are. */
export function wantsWebSocket({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** Turns upgrade requests of `/v1/sessions/:id/stream` into the session's control channel; closing cuts every WebSocket that is left. */
export function addStreamUpgrade(server: Server, { sessions, config, logger }: { sessions: SessionRegistry; config: Config; logger: Logger }): Closeable {
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', (error) => { logger.debug({ err: error }, 'A WebSocket request broke off.'); });
    const id = STREAM_PATH.exec((request.url ?? '').split('?')[0] ?? '')?.[1];
    if (id === undefined || !isAllowed(request, config.server)) {
      // Not only ended: it would stay half open as long as the client likes, and stopping the server waits for it.
      socket.end(`HTTP/1.1 ${id === undefined ? '404 Not Found' : '403 Forbidden'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => { socket.destroy(); });
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      // Before anything can come in: ws throws an error that nobody listens for.
      webSocket.on('error', (error) => { logger.debug({ err: error }, 'A WebSocket failed.'); });
      try {
        const session = sessions.get(id);
        session.attach(new ControlChannel(webSocket, { logger }));
      } catch (error) {
        const known = error instanceof AvatarError ? error : new AvatarError('internal', 'The server failed to open the stream.', { cause: error });
        webSocket.send(JSON.stringify({ type: 'error', code: known.code, message: known.message }));
        webSocket.close(REFUSED, known.code);
      }
    });
  });
  return {
    close: () => {
      webSockets.close();
      for (const webSocket of webSockets.clients) {
        webSocket.terminate();
      }
      return Promise.resolve();
    },
  };
}
