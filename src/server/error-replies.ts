import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AvatarError, ERROR_CATALOGUE } from '../base/errors.ts';
import type { ErrorCode } from '../base/errors.ts';

/** Seconds after which a refused client may try again. */
const RETRY_AFTER_S = 5;

const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = Object.freeze({
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
});

const CONTENT_TYPES = 'Send a portrait as image/… or application/octet-stream, an SDP offer as application/sdp, anything else as application/json.';

/** Answers every failure as `{"error":{"code","message"}}` with the catalogue's status; 503 and 429 carry Retry-After. */
export function addErrorReplies(app: FastifyInstance): void {
  app.setErrorHandler(replyError);
  app.setNotFoundHandler((request: FastifyRequest, reply) => sendError(reply, new AvatarError('not_found', `There is no ${request.method} ${request.url.split('?')[0] ?? ''}. See the API table in README.`)));
}

/** Answers one failure; also for those of which Fastify tells no error handler, for example an address that cannot be decoded. */
export function replyError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const known = asAvatarError(error);
  if (known.code === 'internal') {
    request.log.error({ err: error }, 'A request failed unexpectedly.');
  }
  void sendError(reply, known);
}

function sendError(reply: FastifyReply, error: AvatarError): FastifyReply {
  // The rate limiter has set the real wait.
  if ((error.status === 503 || error.status === 429) && !reply.hasHeader('retry-after')) {
    void reply.header('retry-after', RETRY_AFTER_S);
  }
  return reply.status(error.status).send({ error: { code: error.code, message: error.message } });
}

function asAvatarError(error: FastifyError): AvatarError {
  if (error instanceof AvatarError) {
    return error;
  }
  const code = FASTIFY_CODES[error.code] ?? (isClientsFault(error.statusCode) ? 'invalid_request' : 'internal');
  const meaning = code === 'unsupported_media_type' ? CONTENT_TYPES : ERROR_CATALOGUE[code].meaning;
  return new AvatarError(code, code === 'internal' ? meaning : `${error.message.replace(/\.$/, '')}. ${meaning}`, { cause: error });
}

function isClientsFault(status = 500): boolean {
  return status >= 400 && status < 500;
}
