/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** A box of the picture, in fractions of its width and height. */
export interface PictureBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What a decoded frame showed and what was heard with it. */
export interface ProbeSample {
  /** Time the frame was shown, in milliseconds of the page's clock. */
  readonly timeMs: number;
  /** Share of the mouth's box that shows the inside of a mouth, a dark hollow or teeth: 0 to 1. */
  readonly opening: number;
  /** Loudness of the 43 ms of sound before, root mean square of samples of -1 to 1. */
  readonly loudness: number;
}

/** What a connection has carried so far, by the browser's own counts. */
export interface Carried {
  readonly video: { readonly framesDecoded: number; readonly mimeType: string };
  readonly audio: { readonly totalAudioEnergy: number };
  /** The microphone. */
  readonly sent: { readonly packetsSent: number };
}

declare global {
  /** The probe of the page it was put into. */
  var streamProbe: StreamProbe;
}

/** Side of the small copy of the mouth that is measured, in pixels. */
const COPY_PX = 48;

/** How dark the inside of a mouth is, as a share of the shut mouth's mean luma. */
const DARK_SHARE = 0.42;

/** How pale teeth are, as a share of the shut mouth's median redness. */
const PALE_SHARE = 0.55;

/** Colours of lips and skin while the mouth is shut. */
interface ShutMouth {
  readonly luma: number;
  readonly redness: number;
}

/** Watches the decoded video and the received sound of a page. Runs inside the page, before its own scripts. */
export class StreamProbe {
  readonly #connections: RTCPeerConnection[] = [];
  readonly #canvas = new OffscreenCanvas(COPY_PX, COPY_PX).getContext('2d', { willReadFrequently: true });
  #samples: ProbeSample[] = [];
  #shut: ShutMouth | undefined;
  #box: PictureBox = { left: 0, top: 0, width: 1, height: 1 };
  #analyser: AnalyserNode | undefined;

  constructor() {
    const connections = this.#connections;
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        connections.push(this);
      }
    };
  }

  /** Starts measuring a video element that plays; the box is where its mouth is. */
  watch(video: HTMLVideoElement, box: PictureBox): void {
    this.#box = box;
    this.#shut = undefined;
    this.#samples = [];
    const context = new AudioContext();
    this.#analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(video.srcObject as MediaStream).connect(this.#analyser);
    const loudness = new Float32Array(this.#analyser.fftSize);
    const measure = (timeMs: number): void => {
      this.#analyser?.getFloatTimeDomainData(loudness);
      this.#samples.push({ timeMs, opening: this.#opening(video), loudness: rootMeanSquare(loudness) });
      video.requestVideoFrameCallback(measure);
    };
    video.requestVideoFrameCallback(measure);
  }

  /** Gives the samples since the last call. */
  take(): ProbeSample[] {
    return this.#samples.splice(0);
  }

  /** Video frames received so far and when that was counted, in milliseconds, on the newest connection. */
  async framesReceived(): Promise<{ frames: number; timeMs: number }> {
    let counted = { frames: 0, timeMs: 0 };
    (await this.#connections.at(-1)?.getStats())?.forEach((entry: { type: string; kind?: string; framesReceived?: number; timestamp: number }) => {
      if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
        counted = { frames: entry.framesReceived ?? 0, timeMs: entry.timestamp };
      }
    });
    return counted;
  }

  /** What the newest connection has carried. */
  async carried(): Promise<Carried> {
    const entries: Record<string, string | number>[] = [];
    (await this.#connections.at(-1)?.getStats())?.forEach((entry: Record<string, string | number>) => { entries.push(entry); });
    const find = (type: string, kind: string): Record<string, string | number> => entries.find((entry) => entry['type'] === type && entry['kind'] === kind) ?? {};
    const video = find('inbound-rtp', 'video');
    const codec = entries.find(({ id }) => id === video['codecId']);
    return {
      video: { framesDecoded: Number(video['framesDecoded'] ?? 0), mimeType: String(codec?.['mimeType']) },
      audio: { totalAudioEnergy: Number(find('inbound-rtp', 'audio')['totalAudioEnergy'] ?? 0) },
      sent: { packetsSent: Number(find('outbound-rtp', 'audio')['packetsSent'] ?? 0) },
    };
  }

  #opening(video: HTMLVideoElement): number {
    const { videoWidth, videoHeight } = video;
    const { left, top, width, height } = this.#box;
    this.#canvas?.drawImage(video, left * videoWidth, top * videoHeight, width * videoWidth, height * videoHeight, 0, 0, COPY_PX, COPY_PX);
    const pixels = this.#canvas?.getImageData(0, 0, COPY_PX, COPY_PX).data ?? new Uint8ClampedArray();
    this.#shut ??= shutMouth(pixels);
    let inside = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      if (luma(pixels, at) < DARK_SHARE * this.#shut.luma || redness(pixels, at) < PALE_SHARE * this.#shut.redness) {
        inside += 1;
      }
    }
    return inside / (COPY_PX * COPY_PX);
  }
}

function shutMouth(pixels: Uint8ClampedArray): ShutMouth {
  const offsets = Array.from({ length: pixels.length / 4 }, (_, index) => 4 * index);
  const rednesses = offsets.map((at) => redness(pixels, at)).sort((a, b) => a - b);
  return {
    luma: offsets.reduce((sum, at) => sum + luma(pixels, at), 0) / offsets.length,
    redness: rednesses[rednesses.length >> 1]!,
  };
}

/** Brightness of the pixel at a byte offset, 0 to 255. */
function luma(pixels: Uint8ClampedArray, at: number): number {
  return 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
}

/** How much redder than grey the pixel at a byte offset is: about 0.1 to 0.3 for skin and lips, less for teeth. */
function redness(pixels: Uint8ClampedArray, at: number): number {
  return (pixels[at]! - pixels[at + 2]!) / (pixels[at]! + pixels[at + 1]! + pixels[at + 2]! + 1);
}

function rootMeanSquare(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
