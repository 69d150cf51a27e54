import { AVMEDIA_TYPE_VIDEO, AV_FRAME_DATA_DISPLAYMATRIX } from 'node-av/constants';
import { Filter, FilterGraph, Frame } from 'node-av/lib';
import type { FilterContext, IRational } from 'node-av/lib';
import type { Closeable } from '../base/scope.ts';
import { checked } from './checked.ts';
import { MediaFile, type MediaTrack } from './media-file.ts';

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

const TRACK: MediaTrack = Object.freeze({
  name: 'video',
  type: AVMEDIA_TYPE_VIDEO,
  containers: 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv,gif,image2,jpeg_pipe,png_pipe,webp_pipe,bmp_pipe',
  advice: 'MP4, MOV, WebM, AVI, GIF, JPEG, PNG or WebP',
});

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
  readonly #file: MediaFile;

  /**
   * Opens the first or best video track of a file.
   * @throws AvatarError `unreadable_media`.
   */
  static async open(path: string): Promise<VideoFileReader> {
    return new VideoFileReader(await MediaFile.open(path, TRACK));
  }

  private constructor(file: MediaFile) {
    this.#file = file;
  }

  /**
   * Yields the frames, once; all have the size of the first.
   * @throws AvatarError `unreadable_media` when nothing can be decoded; InvalidStateError the second time and after `close()`.
   */
  [Symbol.asyncIterator](): AsyncGenerator<VideoFrame, void, undefined> {
    return this.#file.read((frames) => this.#firstFrames(frames));
  }

  /** Closes the file, also in the middle of reading. */
  close(): Promise<void> {
    return this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#firstFrames(decoded: AsyncIterable<Frame>): AsyncGenerator<VideoFrame, void, undefined> {
    let frames = 0;
    for await (const frame of this.#shapedFrames(decoded)) {
      yield frame;
      frames += 1;
      if (frames === MOST_FRAMES) {
        return;
      }
    }
  }

  async *#shapedFrames(decoded: AsyncIterable<Frame>): AsyncGenerator<VideoFrame, void, undefined> {
    let shaper: FrameShaper | undefined;
    using shaped = new Frame();
    shaped.alloc();
    const take = async (): Promise<VideoFrame | undefined> => {
      const shaping = shaper;
      return shaping !== undefined && await this.#file.exclusive(() => shaping.take(shaped)) >= 0 ? copyOf(shaped) : undefined;
    };
    try {
      for await (const frame of decoded) {
        const shaping = shaper ??= await this.#openShaper(frame);
        checked(await this.#file.exclusive(() => shaping.put(frame)), 'convert a frame');
        for (let next = await take(); next !== undefined; next = await take()) {
          yield next;
        }
      }
      const shaping = shaper;
      if (shaping !== undefined) {
        checked(await this.#file.exclusive(() => shaping.put(null)), 'convert the last frames');
      }
      for (let next = await take(); next !== undefined; next = await take()) {
        yield next;
      }
    } finally {
      shaper?.close();
    }
  }

  async #openShaper(frame: Frame): Promise<FrameShaper> {
    const shaper = new FrameShaper(frame, this.#file.timeBase);
    try {
      checked(await this.#file.exclusive(() => shaper.start()), 'start the conversion');
      return shaper;
    } catch (error) {
      shaper.close();
      throw error;
    }
  }
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
