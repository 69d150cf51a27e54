import type { RgbImage } from '../../avatars/rgb-image.ts';
import { WINDOW_FRAMES } from '../../base/coefficient-layout.ts';
import { OnnxSession, type ModelPort, type SessionOptions } from '../../inference/onnx-session.ts';
import type { NamedTensors, Tensor } from '../../inference/tensor.ts';
import type { NeuralGraphs } from './neural-messages.ts';
import { VIEW_FLOATS } from './slot-memory.ts';

/** Axes of a keypoint. */
const AXES = 3;

/** What the networks made of a portrait once; every frame of it starts from there. */
export interface PortraitFeatures {
  /** Counts up; it keeps portraits in one order within batches. */
  readonly number: number;
  /** Keypoints of the upright face, and those of the portrait's own pose. */
  readonly canonical: Float32Array;
  readonly source: Float32Array;
  /** Appearance volume, and what the motion network sees of it. */
  readonly feature: Float32Array;
  readonly compressed: Float32Array;
}

/** One frame to draw. */
export interface NeuralFrame {
  readonly portrait: PortraitFeatures;
  /** The window of coefficients, columns × 27, then the view. */
  readonly motion: Float32Array;
}

const PER_PORTRAIT = ['feature', 'compressed', 'source', 'canonical'] as const;

type PerPortrait = (typeof PER_PORTRAIT)[number];

/** Gives the session of the graph `render` for one more batch size. */
type LoadRender = () => Promise<OnnxSession>;

/** The three graphs of the renderer on one device. All buffers of a batch are made once. */
export class NeuralNetworks {
  /** Side of the drawn face in pixels. */
  readonly sizePx: number;
  /** Coefficients in a row of a window. */
  readonly columns: number;
  readonly #sessions: Readonly<Record<'portrait' | 'mapping', OnnxSession>>;
  /**
   * The graph `render` by batch size: on the processor the same session for all of them.
   * On CUDA ONNX Runtime plans all 57 convolutions anew, in tens of milliseconds, whenever a batch is of another size than the
   * one before, so each size has a session of its own: with 200 MB of weights in halves, 400 MB in floats, and what its runs take.
   * The portraits' axis can vary in each, and so can all of `mapping`: no convolution sees them.
   */
  readonly #renders: Map<number, OnnxSession>;
  readonly #loadRender: LoadRender;
  readonly #dims: Readonly<Record<PerPortrait, readonly number[]>>;
  /** Portraits' tensors side by side for the largest batch; `#stacked` has the numbers of those that lie there. */
  readonly #stacks: Readonly<Record<PerPortrait, Float32Array>>;
  readonly #stacked: number[] = [];
  readonly #windows: Float32Array;
  readonly #views: Float32Array;
  #portraits = 0;

  private constructor(sessions: Readonly<Record<keyof NeuralGraphs, OnnxSession>>, { batch, loadRender }: { batch: number; loadRender: LoadRender }) {
    this.#sessions = sessions;
    this.#renders = new Map([[1, sessions.render]]);
    this.#loadRender = loadRender;
    this.sizePx = axisOf(sessions.portrait.inputs, 'image', 3);
    this.columns = axisOf(sessions.mapping.inputs, 'coefficients', 1);
    const dimsOf = (ports: readonly ModelPort[], name: string): number[] => portOf(ports, name).dims.slice(1).map(Number);
    const keypoints = dimsOf(sessions.portrait.outputs, 'keypoints');
    this.#dims = {
      feature: dimsOf(sessions.portrait.outputs, 'feature'), compressed: dimsOf(sessions.portrait.outputs, 'compressed'),
      source: keypoints, canonical: keypoints,
    };
    this.#stacks = byPortrait((name) => new Float32Array(batch * product(this.#dims[name])));
    this.#windows = new Float32Array(batch * this.columns * WINDOW_FRAMES);
    this.#views = new Float32Array(batch * VIEW_FLOATS);
  }

  /** Loads the graphs, on CUDA `render` once more for each batch size when that is first drawn; what was loaded is freed when one of them fails. */
  static async load(graphs: NeuralGraphs, { batch, ...options }: SessionOptions & { readonly batch: number }): Promise<NeuralNetworks> {
    const loaded: OnnxSession[] = [];
    const load = async (path: string): Promise<OnnxSession> => {
      const session = await OnnxSession.load(path, options);
      loaded.push(session);
      return session;
    };
    try {
      const sessions = { portrait: await load(graphs.portrait), mapping: await load(graphs.mapping), render: await load(graphs.render) };
      return new NeuralNetworks(sessions, { batch, loadRender: async () => (options.device === 'cuda' ? OnnxSession.load(graphs.render, options) : sessions.render) });
    } catch (error) {
      await Promise.all(loaded.map((session) => session.release()));
      throw error;
    }
  }

  /** Works out what all frames of a portrait share, from its cut face and its row of coefficients. */
  async prepare(face: RgbImage, coefficients: Float32Array): Promise<PortraitFeatures> {
    const image = { dims: [1, 3, this.sizePx, this.sizePx], data: planarFloats(face) };
    const { keypoints, feature, compressed } = await this.#sessions.portrait.run({ image }, ['keypoints', 'feature', 'compressed']);
    const canonical = floatsOf(keypoints);
    const window = new Float32Array(this.columns * WINDOW_FRAMES);
    for (let column = 0; column < this.columns; column += 1) {
      window.fill(coefficients[column]!, column * WINDOW_FRAMES, (column + 1) * WINDOW_FRAMES);
    }
    const source = await this.#map({ windows: window, views: new Float32Array(VIEW_FLOATS).fill(NaN), canonical: { dims: [1, canonical.length / AXES, AXES], data: canonical } });
    this.#portraits += 1;
    return { number: this.#portraits, canonical, source: floatsOf(source), feature: floatsOf(feature), compressed: floatsOf(compressed) };
  }

  /**
   * Draws a batch of frames, of one portrait or several; they must be in the order of their portraits' numbers.
   * Returns N × 3 × size × size RGB bytes.
   */
  async draw(frames: readonly NeuralFrame[]): Promise<Uint8Array> {
    const windowFloats = this.columns * WINDOW_FRAMES;
    for (const [at, { motion }] of frames.entries()) {
      this.#windows.set(motion.subarray(0, windowFloats), at * windowFloats);
      this.#views.set(motion.subarray(windowFloats), at * VIEW_FLOATS);
    }
    const { canonical, ...portraits } = this.#portraitTensors(frames);
    const views = this.#views.subarray(0, frames.length * VIEW_FLOATS);
    const driving = await this.#map({ windows: this.#windows.subarray(0, frames.length * windowFloats), views, canonical });
    const { pixels } = await this.#render(frames.length, { ...portraits, driving });
    if (!(pixels?.data instanceof Uint8Array)) {
      throw new TypeError('The render graph gives no bytes under the name pixels. Import the checkpoints again.');
    }
    return pixels.data;
  }

  async release(): Promise<void> {
    const { portrait, mapping } = this.#sessions;
    await Promise.all([portrait, mapping, ...new Set(this.#renders.values())].map((session) => session.release()));
  }

  /** Runs the session of so many frames; one of its own whose first run fails, as memory is short, is let go of. */
  async #render(frames: number, inputs: NamedTensors): Promise<NamedTensors> {
    const known = this.#renders.get(frames);
    if (known !== undefined) {
      return known.run(inputs, ['pixels']);
    }
    const session = await this.#loadRender();
    try {
      const outputs = await session.run(inputs, ['pixels']);
      this.#renders.set(frames, session);
      return outputs;
    } catch (error) {
      if (session !== this.#renders.get(1)) {
        await session.release();
      }
      throw error;
    }
  }

  async #map({ windows, views, canonical }: { windows: Float32Array; views: Float32Array; canonical: Tensor }): Promise<Tensor> {
    const frames = views.length / VIEW_FLOATS;
    const { keypoints } = await this.#sessions.mapping.run({
      coefficients: { dims: [frames, this.columns, WINDOW_FRAMES], data: windows }, canonical, view: { dims: [frames, VIEW_FLOATS], data: views },
    }, ['keypoints']);
    return { dims: [frames, floatsOf(keypoints).length / frames / AXES, AXES], data: floatsOf(keypoints) };
  }

  /** What the graphs take of the portraits: one when all frames share it, else one for each frame. */
  #portraitTensors(frames: readonly NeuralFrame[]): Record<PerPortrait, Tensor> {
    const first = frames[0]!.portrait;
    if (frames.every(({ portrait }) => portrait === first)) {
      return byPortrait((name) => ({ dims: [1, ...this.#dims[name]], data: first[name] }));
    }
    for (const [at, { portrait }] of frames.entries()) {
      // Megabytes each: what the last batch left in place is not copied again.
      if (this.#stacked[at] !== portrait.number) {
        this.#stacked[at] = portrait.number;
        PER_PORTRAIT.forEach((name) => { this.#stacks[name].set(portrait[name], at * portrait[name].length); });
      }
    }
    return byPortrait((name) => ({ dims: [frames.length, ...this.#dims[name]], data: this.#stacks[name].subarray(0, frames.length * first[name].length) }));
  }
}

function byPortrait<Value>(make: (name: PerPortrait) => Value): Record<PerPortrait, Value> {
  return { feature: make('feature'), compressed: make('compressed'), source: make('source'), canonical: make('canonical') };
}

function portOf(ports: readonly ModelPort[], name: string): ModelPort {
  const found = ports.find((port) => port.name === name);
  if (found === undefined) {
    throw new TypeError(`A graph has no input or output ${name}. Import the checkpoints again.`);
  }
  return found;
}

function axisOf(ports: readonly ModelPort[], name: string, axis: number): number {
  return Number(portOf(ports, name).dims[axis]);
}

function product(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * dim, 1);
}

function floatsOf(tensor: NamedTensors[string] | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) {
    throw new TypeError('A graph gives no floats where the renderer expects them. Import the checkpoints again.');
  }
  return tensor.data;
}

/** Returns a picture as 3 planes of floats in 0..1. */
function planarFloats({ width, height, data }: RgbImage): Float32Array {
  const pixels = width * height;
  const planes = new Float32Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    planes[pixel] = data[pixel * 3]! / 255;
    planes[pixels + pixel] = data[pixel * 3 + 1]! / 255;
    planes[2 * pixels + pixel] = data[pixel * 3 + 2]! / 255;
  }
  return planes;
}
