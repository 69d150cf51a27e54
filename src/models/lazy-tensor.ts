/** A float32 tensor whose values are made when they are needed, and again each time: only one large tensor need be in memory. */
export interface LazyTensor {
  readonly shape: readonly number[];
  /** Returns the row-major values; the caller owns them. */
  read(): Float32Array;
}

/** Returns how many values a tensor of this shape has. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Returns a tensor of the given shape with the values that `fill` writes. */
export function filled(shape: readonly number[], fill: (values: Float32Array) => void): LazyTensor {
  return {
    shape,
    read: () => {
      const values = new Float32Array(elementCount(shape));
      fill(values);
      return values;
    },
  };
}

/** Returns a tensor with known values. */
export function known(shape: readonly number[], values: ArrayLike<number>): LazyTensor {
  return { shape, read: () => Float32Array.from(values) };
}

/** Returns the same values in another shape of equal size. */
export function reshaped(tensor: LazyTensor, shape: readonly number[]): LazyTensor {
  if (elementCount(shape) !== elementCount(tensor.shape)) {
    throw new TypeError(`The shape ${tensor.shape.join(' × ')} cannot become ${shape.join(' × ')}.`);
  }
  return { shape, read: () => tensor.read() };
}

/** Returns tensors of equal trailing shape joined along their first axis. */
export function stacked(tensors: readonly LazyTensor[]): LazyTensor {
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] ?? 0), 0);
  const shape = [rows, ...(tensors[0]?.shape.slice(1) ?? [])];
  return filled(shape, (values) => {
    let offset = 0;
    for (const tensor of tensors) {
      values.set(tensor.read(), offset);
      offset += elementCount(tensor.shape);
    }
  });
}

/** Returns the tensor with its axes in the given order: axis i of the result is axis `order[i]` of the source. */
export function permuted(tensor: LazyTensor, order: readonly number[]): LazyTensor {
  const shape = order.map((axis) => tensor.shape[axis]!);
  return filled(shape, (values) => {
    const source = tensor.read();
    const strides = order.map((axis) => elementCount(tensor.shape.slice(axis + 1)));
    copyPermuted({ source, values, shape, strides });
  });
}

interface PermutedCopy {
  readonly source: Float32Array;
  readonly values: Float32Array;
  readonly shape: readonly number[];
  /** Step in the source for each axis of the result. */
  readonly strides: readonly number[];
}

function copyPermuted({ source, values, shape, strides }: PermutedCopy): void {
  const index = new Uint32Array(shape.length);
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    values[to] = source[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis] = index[axis]! + 1;
      if (index[axis]! < shape[axis]!) {
        break;
      }
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}
