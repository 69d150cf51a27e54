import { resolve } from 'node:path';
import { AVERROR_EOF, AVMEDIA_TYPE_VIDEO, AV_FRAME_DATA_DISPLAYMATRIX } from 'node-av/constants';
import { CodecContext, Dictionary, Filter, FilterGraph, FormatContext, Frame, Packet } from 'node-av/lib';
import type { FilterContext, IRational } from 'node-av/lib';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { checked } from './checked.ts';

/** A frame of a video: RGB, 3 bytes a pixel, row by row without padding. */
export interface VideoFrame {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}

/** Frames are reduced until their longer side has at most so many pixels. */
export const LONGEST_FRAME_SIDE_PX = 1280;

/** Frames of a file that are read: two minutes. What comes later is left out. */
export const MOST_FRAMES = 3000;

/** Frames a second that are given, whatever the file has: others are repeated or left out. */
const FRAMES_HZ = 25;

/** Most pixels of a frame in the file. */
const MOST_PIXELS = 40_000_000;

/** Containers that hold pictures and nothing that points elsewhere (play lists could make libav open other files and addresses). */
const FORMATS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv,gif,image2,jpeg_pipe,png_pipe,webp_pipe,bmp_pipe';

/** Turns of a frame and the filters that undo them, by the display matrix. */
const TURNS: Readonly<Record<number, readonly (readonly [filter: string, options: string])[]>> = Object.freeze({
  0: [],
  90: [['transpose', 'clock']],
  180: [['hflip', ''], ['vflip', '']],
  270: [['transpose', 'cclock']],
});

/**
 * The pictures of one file, upright, at 25 frames a second: an async iterable that keeps no more than a few frames in memory.
 * A still picture is a video of one frame.
 */
export class VideoFileReader implements Closeable, AsyncDisposable, AsyncIterable<VideoFrame> {
  readonly #path: string;
  readonly #format: FormatContext;
  readonly #decoder: CodecContext;
  readonly #streamIndex: number;
  #reading = false;
  #closing: Promise<void> | undefined;
  /** Settles when the libav call under way has returned: nothing is freed before. */
  #busy: Promise<unknown> = Promise.resolve();

  /**
   * Opens the first or best video track of a file.
   * @throws AvatarError `unreadable_media`.
   */
  static async open(path: string): Promise<VideoFileReader> {
    const format = new FormatContext();
    try {
      // A name like `face-%d.jpg` means that one file, not a row of them.
      const options = Dictionary.fromObject({ format_whitelist: FORMATS, protocol_whitelist: 'file', pattern_type: 'none' });
      checked(await format.openInput(`file:${resolve(path)}`, null, options), 'open the file');
      checked(await format.findStreamInfo(), 'understand the file');
      return new VideoFileReader(path, { format, ...await openDecoder(format) });
    } catch (cause) {
      await format.closeInput();
      throw unreadable(path, cause);
    }
  }

  private constructor(path: string, parts: { format: FormatContext; decoder: CodecContext; streamIndex: number }) {
    this.#path = path;
    this.#format = parts.format;
    this.#decoder = parts.decoder;
    this.#streamIndex = parts.streamIndex;
  }

  /**
   * Yields the frames, once; all have the size of the first.
   * @throws AvatarError `unreadable_media` when nothing can be decoded; InvalidStateError the second time and after `close()`.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<VideoFrame, void, undefined> {
    if (this.#reading || this.#closing !== undefined) {
      throw new InvalidStateError('A video file is read once, before it is closed. Open it again.');
    }
    this.#reading = true;
    let frames = 0;
    try {
      for await (const frame of this.#shapedFrames()) {
        yield frame;
        frames += 1;
        if (frames === MOST_FRAMES) {
          return;
        }
      }
    } catch (cause) {
      throw cause instanceof InvalidStateError ? cause : unreadable(this.#path, cause);
    }
    if (frames === 0) {
      throw unreadable(this.#path, new Error('its video track holds nothing that can be decoded'));
    }
  }

  /** Closes the file, also in the middle of reading. */
  close(): Promise<void> {
    this.#closing ??= this.#busy.then(async () => {
      this.#decoder.freeContext();
      await this.#format.closeInput();
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#shapedFrames(): AsyncGenerator<VideoFrame, void, undefined> {
    let shaper: FrameShaper | undefined;
    using shaped = new Frame();
    shaped.alloc();
    const take = async (): Promise<VideoFrame | undefined> => {
      const shaping = shaper;
      return shaping !== undefined && await this.#exclusive(() => shaping.take(shaped)) >= 0 ? copyOf(shaped) : undefined;
    };
    try {
      for await (const frame of this.#decode()) {
        const shaping = shaper ??= await this.#openShaper(frame);
        checked(await this.#exclusive(() => shaping.put(frame)), 'convert a frame');
        for (let next = await take(); next !== undefined; next = await take()) {
          yield next;
        }
      }
      const shaping = shaper;
      if (shaping !== undefined) {
        checked(await this.#exclusive(() => shaping.put(null)), 'convert the last frames');
      }
      for (let next = await take(); next !== undefined; next = await take()) {
        yield next;
      }
    } finally {
      shaper?.close();
    }
  }

  async #openShaper(frame: Frame): Promise<FrameShaper> {
    const shaper = new FrameShaper(frame, this.#format.streams[this.#streamIndex]!.timeBase);
    try {
      checked(await this.#exclusive(() => shaper.start()), 'start the conversion');
      return shaper;
    } catch (error) {
      shaper.close();
      throw error;
    }
  }

  /** Yields the same frame again and again, filled anew; what takes it may empty it. */
  async *#decode(): AsyncGenerator<Frame, void, undefined> {
    using packet = new Packet();
    packet.alloc();
    using frame = new Frame();
    frame.alloc();
    for (let ended = false; !ended;) {
      const read = await this.#exclusive(() => this.#format.readFrame(packet));
      ended = read < 0;
      if (ended && read !== AVERROR_EOF) {
        throw new Error('it breaks off in the middle');
      }
      if (!ended && packet.streamIndex !== this.#streamIndex) {
        packet.unref();
        continue;
      }
      // A packet that cannot be decoded (the rest of a frame that was cut off, say) is passed over, as players do.
      await this.#exclusive(() => this.#decoder.sendPacket(ended ? null : packet));
      packet.unref();
      while (await this.#exclusive(() => this.#decoder.receiveFrame(frame)) >= 0) {
        yield frame;
        frame.unref();
      }
    }
  }

  #exclusive(call: () => Promise<number>): Promise<number> {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The video file was closed while it was read.');
    }
    const result = call();
    // The caller gets the failure; this only tells when the call has returned.
    this.#busy = result.catch(() => undefined);
    return result;
  }
}

async function openDecoder(format: FormatContext): Promise<{ decoder: CodecContext; streamIndex: number }> {
  const { streamIndex, decoder: codec } = format.findBestStream(AVMEDIA_TYPE_VIDEO, -1, -1, true);
  const stream = format.streams[streamIndex];
  if (streamIndex < 0 || stream === undefined || codec === null) {
    throw new Error('it has no video track that can be decoded');
  }
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  try {
    checked(decoder.parametersToContext(stream.codecpar), 'set up the decoder');
    checked(await decoder.open2(codec, Dictionary.fromObject({ max_pixels: String(MOST_PIXELS) })), 'open the decoder');
  } catch (error) {
    decoder.freeContext();
    throw error;
  }
  return { decoder, streamIndex };
}

function unreadable(path: string, cause: unknown): AvatarError {
  if (cause instanceof AvatarError) {
    return cause;
  }
  return new AvatarError('unreadable_media', `${path} cannot be read: ${(cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '')}. Use MP4, MOV, WebM, AVI, GIF, JPEG, PNG or WebP.`, { cause });
}

/** Turns decoded frames of any form into upright RGB frames of one size at an even pace. */
class FrameShaper {
  readonly #graph = new FilterGraph();
  readonly #source: FilterContext;
  readonly #sink: FilterContext;

  /** Takes the first frame and the unit of the frames' times. */
  constructor(frame: Frame, timeBase: IRational) {
    this.#graph.alloc();
    this.#graph.nbThreads = 1;
    const { width, height } = reducedSize(frame);
    const { num, den } = timeBase;
    const steps: readonly (readonly [filter: string, options: string])[] = [
      ['buffer', `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}:time_base=${num}/${den}`],
      ['fps', String(FRAMES_HZ)],
      ['scale', `${width}:${height}`],
      ...TURNS[turnDeg(frame)]!,
      ['format', 'rgb24'],
      ['buffersink', ''],
    ];
    try {
      const filters = steps.map(([filter, options], index) => this.#add(filter, index, options));
      for (const [index, filter] of filters.slice(1).entries()) {
        checked(filters[index]!.link(0, filter, 0), 'link the filters');
      }
      this.#source = filters[0]!;
      this.#sink = filters[filters.length - 1]!;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  start(): Promise<number> {
    return this.#graph.config();
  }

  /** Takes a frame's contents away; null at the end. */
  put(frame: Frame | null): Promise<number> {
    if (frame !== null) {
      frame.pts = frame.bestEffortTimestamp;
    }
    return this.#source.buffersrcAddFrame(frame);
  }

  /** Gives the next frame that is ready; a negative number when there is none. */
  take(frame: Frame): Promise<number> {
    return this.#sink.buffersinkGetFrame(frame);
  }

  close(): void {
    this.#graph.free();
  }

  #add(name: string, index: number, options: string): FilterContext {
    const filter = Filter.getByName(name);
    const context = filter === null ? null : this.#graph.createFilter(filter, `${name}${index}`, options === '' ? null : options);
    if (context === null) {
      throw new Error(`libav could not make the filter ${name} with ${options}`);
    }
    return context;
  }
}

/** The size of a frame as it is shown, square pixels, reduced where it is too large; before it is turned. */
function reducedSize({ width, height, sampleAspectRatio: { num, den } }: Frame): { width: number; height: number } {
  const shownWidth = num > 0 && den > 0 ? (width * num) / den : width;
  const share = Math.min(1, LONGEST_FRAME_SIDE_PX / Math.max(shownWidth, height));
  return { width: Math.max(1, Math.round(shownWidth * share)), height: Math.max(1, Math.round(height * share)) };
}

/** Returns how far a frame must be turned clockwise to be upright: 0, 90, 180 or 270 degrees. */
function turnDeg(frame: Frame): number {
  const matrix = frame.getSideData(AV_FRAME_DATA_DISPLAYMATRIX);
  if (matrix === null) {
    return 0;
  }
  const quarters = Math.round(Math.atan2(matrix.readInt32LE(4), matrix.readInt32LE(0)) / (Math.PI / 2));
  return ((quarters + 4) % 4) * 90;
}

/** Copies a shaped frame out of libav's memory and empties it. */
function copyOf(frame: Frame): VideoFrame {
  const { width, height } = frame;
  const [plane, rowBytes] = [frame.data?.[0], frame.linesize[0]];
  if (plane === undefined || rowBytes === undefined) {
    throw new Error('libav gave a frame without pixels.');
  }
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    data.set(plane.subarray(y * rowBytes, y * rowBytes + width * 3), y * width * 3);
  }
  frame.unref();
  return { width, height, data };
}
