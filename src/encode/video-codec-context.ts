import { AV_PIX_FMT_YUV420P, FF_ENCODER_LIBVPX_VP8, FF_ENCODER_LIBX264 } from 'node-av/constants';
import type { FFEncoderCodec } from 'node-av/constants';
import { Rational } from 'node-av/lib';
import type { CodecContext } from 'node-av/lib';
import type { VideoCodec } from '../base/encoded-unit.ts';
import { openEncoderContext } from './encoder-context.ts';
import { setPictureColours } from './picture-colours.ts';

/** Ticks of a live video context in one second. */
export const VIDEO_TICKS_HZ = 90_000;

/** Frames between key frames nobody asked for: practically never, since viewers ask when they need one. */
const KEY_FRAME_INTERVAL = 30_000;

interface CodecSettings {
  readonly encoder: FFEncoderCodec;
  readonly options: Readonly<Record<string, string>>;
  /** Best quality that bits are spent on (quantiser): about 45 dB, beyond which a still face would only fill the wire. */
  readonly qMin: number;
  /** Milliseconds of bitrate the rate control may run ahead: room for a first picture that is sharp. */
  readonly bufferMs: number;
  /** Whether an open context takes over a new bitrate. */
  readonly bitrateInPlace: boolean;
}

/** Real-time settings per codec: one picture in, one unit out. */
export const LIVE_VIDEO_CODECS: Readonly<Record<VideoCodec, CodecSettings>> = Object.freeze({
  vp8: {
    encoder: FF_ENCODER_LIBVPX_VP8,
    options: {
      deadline: 'realtime',
      // Negative on purpose: a positive number lets libvpx choose the speed by itself.
      'cpu-used': '-6',
      'lag-in-frames': '0',
      'static-thresh': '1',
      // A key frame takes no more than the time of four pictures of its bitrate: on a narrow path it stands in the way of all else.
      'max-intra-rate': '400',
    },
    qMin: 12,
    bufferMs: 1000,
    bitrateInPlace: false,
  },
  h264: {
    encoder: FF_ENCODER_LIBX264,
    options: {
      // One step slower than ultrafast, for its deblocking: 5 dB better at 0.7 ms more.
      preset: 'superfast',
      tune: 'zerolatency',
      profile: 'baseline',
      // Goes up to 1280 × 720 at 30 frames a second: what browsers offer as profile-level-id 42e01f.
      level: '3.1',
      'forced-idr': '1',
      'x264-params': 'scenecut=0:repeat-headers=1:annexb=1',
    },
    qMin: 18,
    bufferMs: 500,
    bitrateInPlace: true,
  },
});

/** Sets the bitrate of a context: no more than that over the codec's buffer. */
export function setContextBitrate(context: CodecContext, codec: VideoCodec, bitrateBps: number): void {
  const rate = BigInt(Math.round(bitrateBps));
  context.bitRate = rate;
  context.rcMaxRate = rate;
  if (codec === 'vp8') {
    // Equal smallest and largest rates are what switches libvpx to its constant-bitrate control.
    context.rcMinRate = rate;
  }
  context.rcBufferSize = Math.round((bitrateBps * LIVE_VIDEO_CODECS[codec].bufferMs) / 1000);
}

/** Opens an encoder for live pictures. The caller frees the context. */
export function openVideoCodecContext(
  codec: VideoCodec, { width, height, bitrateBps }: { width: number; height: number; bitrateBps: number },
): Promise<CodecContext> {
  const { encoder, options, qMin } = LIVE_VIDEO_CODECS[codec];
  return openEncoderContext({
    encoder,
    options,
    configure: (context) => {
      context.width = width;
      context.height = height;
      context.pixelFormat = AV_PIX_FMT_YUV420P;
      setPictureColours(context);
      context.timeBase = new Rational(1, VIDEO_TICKS_HZ);
      context.framerate = new Rational(25, 1);
      context.gopSize = KEY_FRAME_INTERVAL;
      context.maxBFrames = 0;
      context.threadCount = 1;
      context.qMin = qMin;
      setContextBitrate(context, codec, bitrateBps);
    },
  });
}
