/** The kernel writes so many columns at once: the rows of its boxes are as long as a multiple of it. */
const LANES = 8;

/** Words of 16 bits that the kernel's table has for so many columns, and of 32 bits for a row. */
const COLUMNS_WORDS = 32;
const ROW_WORDS = 4;

/** Bytes of a column of two stretched rows. */
const LINES_BYTES = 4;

/** Where the colour of a column or row of written pixels comes from. */
export interface AxisPixel {
  /** The first of two neighbouring source pixels. */
  readonly first: number;
  /** Weight of the second, 0..256; the first has the rest. */
  readonly weight: number;
  /** Share of the face, 0..256. Those of a pixel's column and row are multiplied. */
  readonly share: number;
}

/** Where a square plane of a face goes. */
export interface PlanePlace {
  /** First byte of the plane in the face's own I420 picture, and its side. */
  readonly faceAt: number;
  readonly side: number;
  /** First written byte of the picture, and bytes from one of its rows to the next. */
  readonly pictureAt: number;
  readonly stride: number;
  readonly columns: readonly AxisPixel[];
  readonly rows: readonly AxisPixel[];
}

/** A plane as the kernel takes it. Its tables and its box, the picture's pixels below the face, lie in the place's bytes. */
interface PreparedPlane extends Omit<PlanePlace, 'columns' | 'rows'> {
  readonly width: number;
  readonly height: number;
  readonly columnsAt: number;
  readonly rowsAt: number;
  readonly boxAt: number;
  readonly boxStride: number;
}

/** All that stays the same from frame to frame where faces are pasted. */
export interface PreparedPlace {
  readonly bytes: Uint8Array;
  /** What the kernel needs besides, for two stretched rows of the widest plane. */
  readonly linesBytes: number;
  readonly planes: readonly PreparedPlane[];
}

/** Prepares the places of a face's planes in a picture for the kernel. */
export function preparePlace(places: readonly PlanePlace[], picture: Uint8Array): PreparedPlace {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const put = (part: Uint8Array): number => {
    parts.push(part);
    bytes += part.length;
    return bytes - part.length;
  };
  const planes = places.map((place): PreparedPlane => {
    const { columns, rows, ...rest } = place;
    const boxStride = Math.ceil(columns.length / LANES) * LANES;
    return {
      ...rest, width: columns.length, height: rows.length, boxStride,
      columnsAt: put(columnsTable(columns)), rowsAt: put(rowsTable(rows)), boxAt: put(boxOf(picture, place, boxStride)),
    };
  });
  return { bytes: Buffer.concat(parts), linesBytes: LINES_BYTES * Math.max(...planes.map(({ boxStride }) => boxStride)), planes };
}

/** For 8 columns: 8 source pixels, 8 pairs of weights, 8 shares. Columns beyond the last have no share. */
function columnsTable(columns: readonly AxisPixel[]): Uint8Array {
  const table = new Uint16Array(Math.ceil(columns.length / LANES) * COLUMNS_WORDS);
  for (const [column, { first, weight, share }] of columns.entries()) {
    const lane = column % LANES;
    const at = ((column - lane) / LANES) * COLUMNS_WORDS;
    table[at + lane] = first;
    table[at + LANES + 2 * lane] = 256 - weight;
    table[at + LANES + 2 * lane + 1] = weight;
    table[at + 3 * LANES + lane] = share;
  }
  return new Uint8Array(table.buffer);
}

/** For each row: source row, weight, share, nothing. */
function rowsTable(rows: readonly AxisPixel[]): Uint8Array {
  const table = new Int32Array(rows.length * ROW_WORDS);
  rows.forEach(({ first, weight, share }, row) => { table.set([first, weight, share], row * ROW_WORDS); });
  return new Uint8Array(table.buffer);
}

function boxOf(picture: Uint8Array, { pictureAt, stride, columns, rows }: PlanePlace, boxStride: number): Uint8Array {
  const box = new Uint8Array(boxStride * rows.length);
  for (let row = 0; row < rows.length; row += 1) {
    const at = pictureAt + row * stride;
    box.set(picture.subarray(at, at + columns.length), row * boxStride);
  }
  return box;
}
