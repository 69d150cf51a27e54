import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Avatar } from './avatars/avatar.ts';
import { AvatarStore } from './avatars/avatar-store.ts';
import { EspeakTextToSpeech } from './audio/espeak-text-to-speech.ts';
import { Microphone } from './audio/microphone.ts';
import { MelStream } from './audio/mel-stream.ts';
import type { TextToSpeech, Voice } from './audio/text-to-speech.ts';
import { VoiceActivityModel } from './audio/voice-activity-model.ts';
import { AvatarError } from './base/errors.ts';
import type { VideoCodec } from './base/encoded-unit.ts';
import type { Logger } from './base/logger.ts';
import { MediaClock } from './base/media-clock.ts';
import { Scope } from './base/scope.ts';
import type { Closeable } from './base/scope.ts';
import type { Stats } from './base/stats.ts';
import { BitrateController } from './encode/bitrate-controller.ts';
import { SizedEncoder } from './encode/sized-encoder.ts';
import { VoiceEncoder } from './encode/voice-encoder.ts';
import { FrameBudget } from './session/frame-budget.ts';
import { FrameLine } from './session/frame-line.ts';
import { FaceMotion } from './motion/face-motion.ts';
import { LipExpressionModel } from './motion/lip-expression-model.ts';
import type { ExpressionModel } from './motion/expression-model.ts';
import type { Renderer } from './render/renderer.ts';
import { WarpRenderer } from './render/warp-renderer.ts';
import { SessionTally } from './session/session-tally.ts';
import { Session } from './session.ts';
import { SpeechLine } from './session/speech-line.ts';
import type { SessionMode } from './transport/messages.ts';
import { WebRtcPeer } from './transport/webrtc-peer.ts';
import type { IceServer } from './transport/webrtc-peer.ts';
import { ViewerLink } from './session/viewer-link.ts';
import { VoiceLine } from './session/voice-line.ts';

const MODELS_FOLDER = fileURLToPath(new URL('../models', import.meta.url));

/** Packs of networks that can draw a face. */
export const PACKS = ['built-in'] as const;

/** How a studio is set up; the settings of the same names explain them. */
export interface StudioOptions {
  readonly speech: { readonly voice: string; readonly maxTextChars: number; readonly maxQueuedMs: number; readonly pipelineMs: number };
  readonly video: { readonly codecs: readonly VideoCodec[]; readonly startKbps: number; readonly minKbps: number; readonly maxKbps: number };
  readonly avatars: { readonly folder: string; readonly default: string; readonly max: number };
  readonly webrtc: { readonly iceServers: readonly IceServer[]; readonly portMin: number; readonly portMax: number; readonly publicAddress: string; readonly loopbackOnly: boolean; readonly silenceTimeoutMs: number };
  /** 0: one less than the machine has cores. */
  readonly renderThreads: number;
}

/** What all sessions share: clock, portraits, drawing threads, networks, voices. */
export class Studio implements Closeable {
  readonly avatars: AvatarStore;
  readonly #scope: Scope;
  readonly #options: StudioOptions;
  readonly #logger: Logger;
  readonly #stats: Stats;
  readonly #clock: MediaClock;
  readonly #budget = new FrameBudget();
  readonly #renderer: Renderer;
  readonly #expression: ExpressionModel;
  readonly #textToSpeech: TextToSpeech | undefined;
  readonly #voiceActivity: VoiceActivityModel;

  /** Opens everything that sessions share; nothing is loaded later than here but portraits. */
  static async open(options: StudioOptions, { logger, stats }: { logger: Logger; stats: Stats }): Promise<Studio> {
    const scope = new Scope();
    try {
      const renderer = scope.own(new WarpRenderer({ ...(options.renderThreads === 0 ? {} : { threads: options.renderThreads }), stats, logger }));
      const [avatars, expression, voiceActivity, textToSpeech] = await Promise.all([
        AvatarStore.open({ folder: options.avatars.folder, max: options.avatars.max, modelsFolder: MODELS_FOLDER, logger, stats }),
        LipExpressionModel.open(MODELS_FOLDER),
        VoiceActivityModel.open(MODELS_FOLDER, { stats, logger }),
        openTextToSpeech(logger),
      ]);
      return new Studio({ scope, options, logger, stats, renderer, avatars: scope.own(avatars), expression: scope.own(expression), voiceActivity: scope.own(voiceActivity), textToSpeech: textToSpeech && scope.own(textToSpeech) });
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  private constructor(parts: {
    scope: Scope; options: StudioOptions; logger: Logger; stats: Stats; renderer: Renderer; avatars: AvatarStore;
    expression: ExpressionModel; voiceActivity: VoiceActivityModel; textToSpeech: TextToSpeech | undefined;
  }) {
    this.#scope = parts.scope;
    this.#options = parts.options;
    this.#logger = parts.logger;
    this.#stats = parts.stats;
    this.#renderer = parts.renderer;
    this.avatars = parts.avatars;
    this.#voiceActivity = parts.voiceActivity;
    this.#textToSpeech = parts.textToSpeech;
    this.#expression = parts.expression;
    this.#clock = new MediaClock({ stats: this.#stats, onError: (error) => { this.#logger.error({ err: error }, 'A tick of the media clock failed.'); } });
  }

  /** Voices that typed text can have. */
  voices(): readonly Voice[] {
    return this.#textToSpeech?.voices() ?? [];
  }

  /**
   * Opens a session, waiting for its viewer.
   * @throws AvatarError `unknown_pack`, `unknown_avatar`, `unknown_voice`.
   */
  async openSession(asked: { avatar?: string | undefined; voice?: string | undefined; pack?: string | undefined; mode?: SessionMode | undefined }): Promise<Session> {
    if (asked.pack !== undefined && !PACKS.some((pack) => pack === asked.pack)) {
      throw new AvatarError('unknown_pack', `There is no pack ${asked.pack}. Installed: ${PACKS.join(', ')}.`);
    }
    const voice = asked.voice ?? this.#options.speech.voice;
    if (asked.voice !== undefined) {
      this.#textToSpeech?.checkVoice(voice);
    }
    const avatar = await this.avatars.get(asked.avatar ?? this.#options.avatars.default);
    const { speech } = this.#options;
    const id = randomUUID();
    const stats = new SessionTally(this.#stats);
    return Session.open({
      id, avatar, voice, stats,
      mode: asked.mode ?? 'push',
      delayMs: speech.pipelineMs,
      clock: this.#clock, logger: this.#logger,
      mel: new MelStream(),
      voiceActivity: this.#voiceActivity.detector({ stats }),
      openMicrophone: () => Microphone.create({ stats }),
      openSpeech: () => SpeechLine.open({
        ...speech, voice, delayMs: speech.pipelineMs, textToSpeech: this.#textToSpeech,
        onListenerError: (error) => { this.#logger.error({ err: error, session: id }, 'A listener of a speech line failed.'); },
      }),
      openLink: (offerSdp, onFailed) => this.#openLink(offerSdp, { avatar, seed: seedOf(id), stats, onFailed }),
    });
  }

  /** The share of frames that every session leaves out at the moment. */
  get leftOutShare(): number {
    return this.#budget.leftOutShare;
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Answers a viewer's offer and builds what draws, encodes and sends for it; what was built is closed when a part fails. */
  async #openLink(offerSdp: string, { avatar, seed, stats, onFailed }: LinkOrder): Promise<{ link: ViewerLink; answerSdp: string }> {
    const { video, webrtc } = this.#options;
    const offeredAtMs = performance.now();
    const startBps = video.startKbps * 1000;
    await using scope = new Scope();
    const { peer, answerSdp } = await WebRtcPeer.answer(offerSdp, { ...webrtc, videoCodecs: video.codecs, logger: this.#logger });
    scope.own(peer);
    const drawing = scope.own(await this.#renderer.open(avatar));
    const encoder = scope.own(await SizedEncoder.open({ codec: peer.videoCodec ?? 'vp8', width: avatar.width, height: avatar.height, bitrateBps: startBps, logger: this.#logger }));
    const voice = scope.own(await VoiceLine.open({ openEncoder: (expectedLossPercent) => VoiceEncoder.open({ expectedLossPercent }), stats, onFailed }));
    const frames = new FrameLine({ face: new FaceMotion({ model: this.#expression, seed }), drawing, encoder, budget: this.#budget, stats, onFailed });
    scope.release();
    return {
      link: new ViewerLink({
        peer, frames, voice, stats, offeredAtMs, logger: this.#logger,
        bitrate: new BitrateController({ startBps, minBps: video.minKbps * 1000, maxBps: video.maxKbps * 1000 }),
      }),
      answerSdp,
    };
  }
}

/** What a link is built for. */
interface LinkOrder {
  readonly avatar: Avatar;
  readonly seed: number;
  readonly stats: Stats;
  readonly onFailed: (error: unknown) => void;
}

/** The built-in engine, or none where its optional package is not installed. */
async function openTextToSpeech(logger: Logger): Promise<TextToSpeech | undefined> {
  try {
    return await EspeakTextToSpeech.open();
  } catch (error) {
    if (error instanceof AvatarError && error.code === 'speech_engine_missing') {
      logger.warn({}, 'No text-to-speech engine is installed; sessions speak pushed PCM only.');
      return undefined;
    }
    throw error;
  }
}

/** Every session moves in its own way: the first 32 bits of its id. */
function seedOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16);
}
