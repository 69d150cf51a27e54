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
  /** Share of the mouth's box that is dark, as only an open mouth is: 0 to 1. */
  readonly opening: number;
  /** Loudness of the 43 ms of sound before, root mean square of samples of -1 to 1. */
  readonly loudness: number;
}

declare global {
  /** The probe of the page it was put into. */
  var streamProbe: StreamProbe;
}

/** Side of the small copy of the mouth that is measured, in pixels. */
const COPY_PX = 64;

/** How dark a pixel of an open mouth is, as a share of the box's mean in the first frames. */
const DARK_SHARE = 0.42;

/** Frames whose mean is taken as the box's own brightness. */
const LEARNING_FRAMES = 5;

/** Watches the decoded video and the received sound of a page. Runs inside the page, before its own scripts. */
export class StreamProbe {
  readonly #connections: RTCPeerConnection[] = [];
  readonly #canvas = new OffscreenCanvas(COPY_PX, COPY_PX).getContext('2d', { willReadFrequently: true });
  #samples: ProbeSample[] = [];
  #brightness: number[] = [];
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
    this.#brightness = [];
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

  #opening(video: HTMLVideoElement): number {
    const { videoWidth, videoHeight } = video;
    const { left, top, width, height } = this.#box;
    this.#canvas?.drawImage(video, left * videoWidth, top * videoHeight, width * videoWidth, height * videoHeight, 0, 0, COPY_PX, COPY_PX);
    const pixels = this.#canvas?.getImageData(0, 0, COPY_PX, COPY_PX).data ?? new Uint8ClampedArray();
    const lumas = Array.from({ length: pixels.length / 4 }, (_, index) => 0.299 * pixels[4 * index]! + 0.587 * pixels[4 * index + 1]! + 0.114 * pixels[4 * index + 2]!);
    if (this.#brightness.length < LEARNING_FRAMES) {
      this.#brightness.push(mean(lumas));
    }
    const dark = DARK_SHARE * mean(this.#brightness);
    return lumas.filter((luma) => luma < dark).length / lumas.length;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rootMeanSquare(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
