import { AVCOL_PRI_BT709, AVCOL_RANGE_MPEG, AVCOL_SPC_SMPTE170M, AVCOL_TRC_BT709 } from 'node-av/constants';
import type { CodecContext } from 'node-av/lib';

/** Says in the stream how a Picture's numbers mean colours: BT.601 matrix in limited range (what VP8 implies), BT.709 primaries. */
export function setPictureColours(context: CodecContext): void {
  context.colorRange = AVCOL_RANGE_MPEG;
  context.colorSpace = AVCOL_SPC_SMPTE170M;
  context.colorPrimaries = AVCOL_PRI_BT709;
  context.colorTrc = AVCOL_TRC_BT709;
}
