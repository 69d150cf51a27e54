import { randomUUID } from 'node:crypto';
import { AvatarStore } from './avatars/avatar-store.ts';
import { EspeakTextToSpeech } from './audio/espeak-text-to-speech.ts';
import { Microphone } from './audio/microphone.ts';
import { MelStream } from './audio/mel-stream.ts';
import type { TextToSpeech, Voice } from './audio/text-to-speech.ts';
import { VoiceActivityModel } from './audio/voice-activity-model.ts';
import { AvatarError } from './base/errors.ts';
import type { VideoCodec } from './base/encoded-unit.ts';
import type { Logger } from './base/logger.ts';
import { FRAME_US, MediaClock } from './base/media-clock.ts';
import { Scope } from './base/scope.ts';
import type { Closeable } from './base/scope.ts';
import type { Stats } from './base/stats.ts';
import { BitrateController } from './encode/bitrate-controller.ts';
import { CongestionController } from './encode/congestion-controller.ts';
import { SizedEncoder } from './encode/sized-encoder.ts';
import { VoiceEncoder } from './encode/voice-encoder.ts';
import { MODELS_FOLDER } from './models-folder.ts';
import { FrameBudget } from './session/frame-budget.ts';
import { FrameLine } from './session/frame-line.ts';
import { BuiltInPack } from './packs/built-in-pack.ts';
import { FACE_DEFAULTS } from './packs/face-pack.ts';
import type { FaceOptions, FacePack, OpenFace, PackName } from './packs/face-pack.ts';
import { PackShelf } from './packs/pack-shelf.ts';
import { SadTalkerPack } from './packs/sadtalker-pack.ts';
import type { SadTalkerSettings } from './packs/sadtalker-pack.ts';
import { PackSeats } from './packs/pack-seats.ts';
import { SessionTally } from './session/session-tally.ts';
import { Session } from './session.ts';
import { SpeechLine } from './session/speech-line.ts';
import type { SessionMode } from './transport/messages.ts';
import { WebRtcPeer } from './transport/webrtc-peer.ts';
import type { IceServer } from './transport/webrtc-peer.ts';
import { ViewerLink } from './session/viewer-link.ts';
import { VoiceLine } from './session/voice-line.ts';

/** How a studio is set up; the settings of the same names explain them. */
export interface StudioOptions {
  readonly speech: { readonly voice: string; readonly maxTextChars: number; readonly maxQueuedMs: number; readonly pipelineMs: number };
  readonly video: { readonly codecs: readonly VideoCodec[]; readonly startKbps: number; readonly minKbps: number; readonly maxKbps: number };
  readonly avatars: { readonly folder: string; readonly default: string; readonly max: number };
  readonly webrtc: { readonly iceServers: readonly IceServer[]; readonly portMin: number; readonly portMax: number; readonly publicAddress: string; readonly loopbackOnly: boolean; readonly silenceTimeoutMs: number };
  readonly face: { readonly pack: PackName; readonly style: FaceOptions['style'] };
  readonly sadtalker: SadTalkerSettings;
  /** 0: one less than the machine has cores. */
  readonly renderThreads: number;
}

/** What a client may ask of a face. */
type FaceWishes = { readonly [Option in keyof Omit<FaceOptions, 'seed'>]?: FaceOptions[Option] | undefined };

/** What a client may ask of a session; the defaults are the studio's. */
export type SessionWishes = FaceWishes & {
  readonly avatar?: string | undefined;
  readonly voice?: string | undefined;
  readonly pack?: string | undefined;
  readonly mode?: SessionMode | undefined;
};

/** What all sessions share: clock, portraits, drawing threads, networks, voices. */
export class Studio implements Closeable {
  readonly avatars: AvatarStore;
  readonly #scope: Scope;
  readonly #options: StudioOptions;
  readonly #logger: Logger;
  readonly #stats: Stats;
  readonly #clock: MediaClock;
  readonly #budget = new FrameBudget();
  readonly #packs: PackShelf;
  readonly #textToSpeech: TextToSpeech | undefined;
  readonly #voiceActivity: VoiceActivityModel;
  readonly #seats = new PackSeats();

  /**
   * Opens everything that sessions share; nothing is loaded later than here but portraits and packs that are asked for by name.
   * @throws AvatarError `invalid_config` where the default avatar or voice does not exist, or the avatars' folder cannot be read.
   */
  static async open(options: StudioOptions, { logger, stats }: { logger: Logger; stats: Stats }): Promise<Studio> {
    const scope = new Scope();
    try {
      // Each is owned as soon as it is there: when another fails, none is left behind.
      const [packs, avatars, voiceActivity, textToSpeech] = await Promise.all([
        scope.ownOpened(openPacks(options, { logger, stats })),
        scope.ownOpened(openAvatars(options, { logger, stats })),
        scope.ownOpened(VoiceActivityModel.open(MODELS_FOLDER, { stats, logger })),
        openTextToSpeech(logger).then((engine) => engine && scope.own(engine)),
      ]);
      checkDefault('avatars.default', () => avatars.describe(options.avatars.default));
      checkDefault('speech.voice', () => textToSpeech?.checkVoice(options.speech.voice));
      return new Studio({ scope, options, logger, stats, packs, avatars, voiceActivity, textToSpeech });
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  private constructor(parts: {
    scope: Scope; options: StudioOptions; logger: Logger; stats: Stats; packs: PackShelf; avatars: AvatarStore;
    voiceActivity: VoiceActivityModel; textToSpeech: TextToSpeech | undefined;
  }) {
    this.#scope = parts.scope;
    this.#options = parts.options;
    this.#logger = parts.logger;
    this.#stats = parts.stats;
    this.#packs = parts.packs;
    this.avatars = parts.avatars;
    this.#voiceActivity = parts.voiceActivity;
    this.#textToSpeech = parts.textToSpeech;
    this.#clock = new MediaClock({ stats: this.#stats, onError: (error) => { this.#logger.error({ err: error }, 'A tick of the media clock failed.'); } });
  }

  /** Voices that typed text can have, the default first. */
  voices(): readonly Voice[] {
    return this.#textToSpeech?.voices(this.#options.speech.voice) ?? [];
  }

  /** Packs that are loaded, for metrics. */
  get loadedPacks(): readonly FacePack[] {
    return this.#packs.loaded;
  }

  /** Names of the packs that a session can ask for, the default first. */
  async packs(): Promise<PackName[]> {
    const { pack } = this.#options.face;
    return (await this.#packs.installed()).sort((a, b) => Number(b === pack) - Number(a === pack));
  }

  /**
   * Opens a session, waiting for its viewer.
   * @throws AvatarError `unknown_pack`, `device_too_slow`, `overloaded`, `unknown_avatar`, `unknown_voice`.
   */
  async openSession(wishes: SessionWishes): Promise<Session> {
    const { speech, face: { pack: defaultPack, style }, avatars } = this.#options;
    const voice = wishes.voice ?? speech.voice;
    if (wishes.voice !== undefined) {
      this.#textToSpeech?.checkVoice(voice);
    }
    const avatar = await this.avatars.get(wishes.avatar ?? avatars.default);
    const pack = await this.#packs.get(wishes.pack ?? defaultPack);
    checkWishes(wishes, pack.name);
    const id = randomUUID();
    const stats = new SessionTally(this.#stats);
    const options: FaceOptions = { ...FACE_DEFAULTS, style, ...definedOf(wishes), seed: seedOf(id) };
    const delayMs = speech.pipelineMs + options.lookAheadFrames * (FRAME_US / 1000);
    const scope = new Scope();
    try {
      scope.defer(this.#seats.take(pack));
      const face = await pack.openFace(avatar, options);
      scope.own(face.motion);
      scope.own(face.drawing);
      return await Session.open({
        id, avatar, voice, stats, delayMs, pack: pack.name, face: scope,
        mode: wishes.mode ?? 'push',
        clock: this.#clock, logger: this.#logger,
        mel: new MelStream(),
        voiceActivity: this.#voiceActivity.detector({ stats }),
        openMicrophone: () => Microphone.create({ stats }),
        openSpeech: () => SpeechLine.open({
          ...speech, voice, delayMs, textToSpeech: this.#textToSpeech,
          onListenerError: (error) => { this.#logger.error({ err: error, session: id }, 'A listener of a speech line failed.'); },
        }),
        openLink: (offerSdp, onFailed) => this.#openLink(offerSdp, { face, stats, onFailed }),
      });
    } catch (error) {
      await scope.close();
      throw error;
    }
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
  async #openLink(offerSdp: string, { face: { motion, drawing }, stats, onFailed }: LinkOrder): Promise<{ link: ViewerLink; answerSdp: string }> {
    const { video, webrtc } = this.#options;
    const offeredAtMs = performance.now();
    const bounds = { startBps: video.startKbps * 1000, minBps: video.minKbps * 1000, maxBps: video.maxKbps * 1000 };
    await using scope = new Scope();
    const { peer, answerSdp } = await WebRtcPeer.answer(offerSdp, { ...webrtc, videoCodecs: video.codecs, logger: this.#logger });
    scope.own(peer);
    const encoder = scope.own(await SizedEncoder.open({ codec: peer.videoCodec ?? 'vp8', width: drawing.width, height: drawing.height, bitrateBps: bounds.startBps }));
    const voice = scope.own(await VoiceLine.open({ openEncoder: (expectedLossPercent) => VoiceEncoder.open({ expectedLossPercent }), stats, onFailed }));
    const frames = new FrameLine({ motion, drawing, encoder, budget: this.#budget, stats, onFailed });
    scope.release();
    return {
      link: new ViewerLink({
        peer, frames, voice, stats, offeredAtMs, logger: this.#logger,
        congestion: new CongestionController(bounds), bitrate: new BitrateController(bounds),
      }),
      answerSdp,
    };
  }
}

/** Refuses a setting that names what does not exist. */
function checkDefault(setting: string, find: () => unknown): void {
  try {
    find();
  } catch (cause) {
    if (cause instanceof AvatarError) {
      throw new AvatarError('invalid_config', `The setting ${setting} is wrong. ${cause.message}`, { cause });
    }
    throw cause;
  }
}

/** What a link is built for. */
interface LinkOrder {
  readonly face: OpenFace;
  readonly stats: Stats;
  readonly onFailed: (error: unknown) => void;
}

async function openAvatars({ avatars: { folder, max } }: StudioOptions, parts: { logger: Logger; stats: Stats }): Promise<AvatarStore> {
  try {
    return await AvatarStore.open({ folder, max, modelsFolder: MODELS_FOLDER, ...parts });
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause) {
      throw new AvatarError('invalid_config', `The setting avatars.folder is wrong: ${cause.message}. Name a folder that this user may write to.`, { cause });
    }
    throw cause;
  }
}

/** The built-in pack, loaded now, and SadTalker's: loaded now when sessions get it unless they say otherwise, else when one asks for it. */
async function openPacks({ face, sadtalker, renderThreads }: StudioOptions, parts: { logger: Logger; stats: Stats }): Promise<PackShelf> {
  await using scope = new Scope();
  const shelf = scope.own(new PackShelf([
    {
      name: 'built-in',
      isInstalled: () => Promise.resolve(true),
      open: () => BuiltInPack.open({ modelsFolder: MODELS_FOLDER, renderThreads, ...parts }),
    },
    {
      name: 'sadtalker',
      isInstalled: () => SadTalkerPack.isInstalled(sadtalker.folder),
      open: (signal) => SadTalkerPack.open(sadtalker, { film: false, signal, ...parts }),
    },
  ]));
  await shelf.get('built-in');
  await shelf.get(face.pack).catch((error: unknown) => {
    if (!(error instanceof AvatarError && error.code === 'device_too_slow')) {
      throw error;
    }
    // Sessions get the same answer, and can ask for the built-in face.
    parts.logger.error({ code: error.code }, error.message);
  });
  scope.release();
  return shelf;
}

/** Refuses what only another pack can do; a style is only left out, as clients send it with any pack. */
function checkWishes(wishes: SessionWishes, pack: PackName): void {
  const unfit = (['poseStyle', 'expressionScale', 'still', 'lookAheadFrames'] as const).find((option) => wishes[option] !== undefined);
  if (pack !== 'sadtalker' && unfit !== undefined) {
    throw new AvatarError('invalid_request', `The field ${unfit} is for the pack sadtalker; this session has the pack ${pack}.`);
  }
}

/** What was asked for, without the fields that were not. */
function definedOf(wishes: SessionWishes): Partial<FaceOptions> {
  return Object.fromEntries(Object.entries(wishes).filter(([key, value]) => value !== undefined && key in FACE_DEFAULTS));
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
