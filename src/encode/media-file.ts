import { resolve } from 'node:path';
import { AVERROR_EOF, AV_NOPTS_VALUE } from 'node-av/constants';
import type { AVMediaType } from 'node-av/constants';
import { CodecContext, Dictionary, FormatContext, Frame, Packet } from 'node-av/lib';
import type { IRational } from 'node-av/lib';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { checked } from './checked.ts';

/** What is read of a file. */
export interface MediaTrack {
  /** What messages call it. */
  readonly name: 'sound' | 'video';
  readonly type: AVMediaType;
  /** Containers that may be opened, by libav's names: none that points elsewhere (play lists could make libav open other files and addresses). */
  readonly containers: string;
  /** The formats to use instead, for whoever sent a file that cannot be read. */
  readonly advice: string;
}

/** Most pixels of a frame. */
const MOST_PIXELS = 40_000_000;

interface OpenFile {
  readonly format: FormatContext;
  readonly decoder: CodecContext;
  readonly streamIndex: number;
}

/** One track of a media file, decoded once, frame by frame. */
export class MediaFile implements Closeable, AsyncDisposable {
  /** Length that the file claims, in microseconds; undefined when it says nothing. */
  readonly durationUs: number | undefined;
  /** Unit of the frames' times, in seconds. */
  readonly timeBase: IRational;
  readonly #path: string;
  readonly #track: MediaTrack;
  readonly #file: OpenFile;
  #reading = false;
  #closing: Promise<void> | undefined;
  /** Settles when the libav call under way has returned: nothing is freed before. */
  #busy: Promise<unknown> = Promise.resolve();

  /**
   * Opens the first or best track of a kind.
   * @throws AvatarError `unreadable_media`.
   */
  static async open(path: string, track: MediaTrack): Promise<MediaFile> {
    const format = new FormatContext();
    try {
      // A name like `face-%d.jpg` means that one file, not a row of them.
      const options = Dictionary.fromObject({ format_whitelist: track.containers, protocol_whitelist: 'file', pattern_type: 'none' });
      checked(await format.openInput(`file:${resolve(path)}`, null, options), 'open the file');
      checked(await format.findStreamInfo(), 'understand the file');
      return new MediaFile(path, track, { format, ...await openDecoder(format, track) });
    } catch (cause) {
      await format.closeInput();
      throw unreadable(path, track, cause);
    }
  }

  private constructor(path: string, track: MediaTrack, file: OpenFile) {
    this.#path = path;
    this.#track = track;
    this.#file = file;
    const { format: { duration, streams }, streamIndex } = file;
    this.durationUs = duration === AV_NOPTS_VALUE || duration <= 0n ? undefined : Number(duration);
    this.timeBase = streams[streamIndex]!.timeBase;
  }

  /**
   * Yields, once, what `convert` makes of the decoded frames. It is given the same frame again and again, filled anew, and may empty it.
   * @throws AvatarError `unreadable_media` when decoding or converting fails or gives nothing; InvalidStateError the second time and after `close()`.
   */
  async *read<T>(convert: (frames: AsyncIterable<Frame>) => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    if (this.#reading || this.#closing !== undefined) {
      throw new InvalidStateError(`A ${this.#track.name} file is read once, before it is closed. Open it again.`);
    }
    this.#reading = true;
    let empty = true;
    try {
      for await (const item of convert(this.#decode())) {
        empty = false;
        yield item;
      }
    } catch (cause) {
      throw cause instanceof InvalidStateError ? cause : unreadable(this.#path, this.#track, cause);
    }
    if (empty) {
      throw unreadable(this.#path, this.#track, new Error(`its ${this.#track.name} track holds nothing that can be decoded`));
    }
  }

  /**
   * Makes a libav call that `close()` waits for, and returns its result.
   * @throws InvalidStateError after `close()`.
   */
  exclusive(call: () => Promise<number>): Promise<number> {
    if (this.#closing !== undefined) {
      throw new InvalidStateError(`The ${this.#track.name} file was closed while it was read.`);
    }
    const result = call();
    // The caller gets the failure; this only tells when the call has returned.
    this.#busy = result.catch(() => undefined);
    return result;
  }

  /** Closes the file, also in the middle of reading. */
  close(): Promise<void> {
    this.#closing ??= this.#busy.then(async () => {
      this.#file.decoder.freeContext();
      await this.#file.format.closeInput();
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#decode(): AsyncGenerator<Frame, void, undefined> {
    const { format, decoder, streamIndex } = this.#file;
    using packet = new Packet();
    packet.alloc();
    using frame = new Frame();
    frame.alloc();
    for (let ended = false; !ended;) {
      const read = await this.exclusive(() => format.readFrame(packet));
      ended = read < 0;
      if (ended && read !== AVERROR_EOF) {
        throw new Error('it breaks off in the middle');
      }
      if (!ended && packet.streamIndex !== streamIndex) {
        packet.unref();
        continue;
      }
      // A packet that cannot be decoded (a tag between MP3 frames, the rest of a frame that was cut off) is passed over, as players do.
      await this.exclusive(() => decoder.sendPacket(ended ? null : packet));
      packet.unref();
      while (await this.exclusive(() => decoder.receiveFrame(frame)) >= 0) {
        yield frame;
        frame.unref();
      }
    }
  }
}

async function openDecoder(format: FormatContext, track: MediaTrack): Promise<Omit<OpenFile, 'format'>> {
  const { streamIndex, decoder: codec } = format.findBestStream(track.type, -1, -1, true);
  const stream = format.streams[streamIndex];
  if (streamIndex < 0 || stream === undefined || codec === null) {
    throw new Error(`it has no ${track.name} track that can be decoded`);
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

function unreadable(path: string, track: MediaTrack, cause: unknown): AvatarError {
  const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
  return new AvatarError('unreadable_media', `${path} cannot be read: ${why}. Use ${track.advice}.`, { cause });
}
