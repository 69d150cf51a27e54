import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import packageJson from '../../package.json' with { type: 'json' };
import { COUNTED_EVENTS, STAGES } from '../base/stats.ts';
import type { CountedEvent, Stage, Stats } from '../base/stats.ts';

const { version } = packageJson;

const STAGE_BUCKETS_S = [0.0005, 0.001, 0.002, 0.004, 0.006, 0.01, 0.015, 0.02, 0.03, 0.04, 0.08, 0.2, 1];
const BATCH_BUCKETS = [1, 2, 3, 4, 6, 8, 12, 16];
const SILENCE_BUCKETS_S = [0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, 0.15, 0.3, 1];
const LATENCY_BUCKETS_S = [0.05, 0.1, 0.15, 0.2, 0.225, 0.25, 0.275, 0.3, 0.35, 0.4, 0.5, 0.75, 1, 2];

/** Name, kind, labels and meaning of every metric; README's table and the tests are held to this list. */
export const METRICS = {
  orator_sessions: { kind: 'gauge', labels: ['state'], help: 'Sessions by state: waiting for a viewer, idle, listening, speaking.' },
  orator_sessions_started_total: { kind: 'counter', labels: [], help: 'Sessions created.' },
  orator_sessions_ended_total: { kind: 'counter', labels: ['reason'], help: 'Sessions ended, by reason.' },
  orator_sessions_rejected_total: { kind: 'counter', labels: ['code'], help: 'Sessions refused, by error code.' },
  orator_stage_seconds: { kind: 'histogram', labels: ['stage'], help: 'Time one unit of work took in a stage.' },
  orator_batch_frames: { kind: 'histogram', labels: [], help: 'Frames that a neural pack drew at once, over all viewers.' },
  orator_speech_to_frame_seconds: { kind: 'histogram', labels: [], help: 'From the first sound of an utterance arriving to its first video frame being sent.' },
  orator_first_frame_seconds: { kind: 'histogram', labels: [], help: 'From the SDP offer to the first video frame being sent.' },
  orator_interrupt_silence_seconds: { kind: 'histogram', labels: [], help: 'From an interrupt arriving to the first silent packet being sent.' },
  orator_frames_rendered_total: { kind: 'counter', labels: [], help: 'Video frames drawn.' },
  orator_frames_late_total: { kind: 'counter', labels: [], help: 'Video frames sent after their time.' },
  orator_frames_dropped_total: { kind: 'counter', labels: [], help: 'Video frames left out because the machine could not make them in time.' },
  orator_frames_repeated_total: { kind: 'counter', labels: [], help: 'Times of a video frame at which none was there, so that viewers saw the last one longer.' },
  orator_key_frames_total: { kind: 'counter', labels: [], help: 'Key frames sent.' },
  orator_pictures_lost_total: { kind: 'counter', labels: [], help: 'Requests for a key frame by viewers.' },
  orator_interrupts_total: { kind: 'counter', labels: [], help: 'Interrupts.' },
  orator_worker_restarts_total: { kind: 'counter', labels: [], help: 'Threads that died and were replaced.' },
  orator_microphone_packets_lost_total: { kind: 'counter', labels: [], help: 'Microphone packets that never came.' },
  orator_clock_ticks_skipped_total: { kind: 'counter', labels: [], help: 'Ticks of the media clock given up after a hold-up of the thread.' },
  orator_queued_speech_seconds: { kind: 'gauge', labels: [], help: 'Speech waiting to be spoken, summed over sessions.' },
  orator_frames_in_flight: { kind: 'gauge', labels: [], help: 'Video frames being made, summed over sessions.' },
  orator_video_bitrate_bps: { kind: 'gauge', labels: [], help: 'Video bitrate asked of the encoders, summed over sessions.' },
  orator_fraction_lost_ratio: { kind: 'gauge', labels: [], help: 'Largest share of packets lost that a viewer reported last.' },
  orator_round_trip_seconds: { kind: 'gauge', labels: [], help: 'Longest round trip that a viewer reported last.' },
  orator_audio_video_offset_seconds: { kind: 'gauge', labels: [], help: 'How much later than its sound the picture leaves, smoothed; the session where it is largest.' },
  orator_frames_left_out_ratio: { kind: 'gauge', labels: [], help: 'Share of its frames that every session leaves out under overload.' },
  orator_session_cost_cores: { kind: 'gauge', labels: [], help: 'Measured CPU cost of one session, in cores; new sessions are let in by it.' },
  orator_info: { kind: 'gauge', labels: ['version', 'pack', 'provider'], help: 'Always 1: what runs. One for each loaded pack, with what it draws on.' },
} as const satisfies Record<string, { kind: 'gauge' | 'counter' | 'histogram'; labels: readonly string[]; help: string }>;

const BUCKETS: Partial<Record<string, number[]>> = { orator_batch_frames: BATCH_BUCKETS, orator_stage_seconds: STAGE_BUCKETS_S, orator_interrupt_silence_seconds: SILENCE_BUCKETS_S };

/** Name of a metric. */
export type MetricName = keyof typeof METRICS;

/** What gauges read, at the moment of a scrape. */
export interface SessionGauges {
  readonly sessionsByState: Readonly<Record<string, number>>;
  readonly queuedSpeechMs: number;
  readonly framesInFlight: number;
  readonly videoBitrateBps: number;
  readonly fractionLost: number;
  readonly roundTripMs: number;
  readonly avOffsetMs: number;
  readonly leftOutShare: number;
  readonly costCores: number;
}

/** Everything that gauges read. */
export interface Gauges extends SessionGauges {
  /** Loaded packs and what they run on. */
  readonly packs: readonly { readonly name: string; readonly provider: string }[];
}

/** Turns what stages and sessions report into Prometheus metrics. */
export class Metrics implements Stats {
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricName, Counter>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #stages: ReadonlyMap<Stage, { observe(seconds: number): void }>;

  constructor(readGauges: () => Gauges) {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, { kind, labels, help }] of Object.entries(METRICS) as [MetricName, (typeof METRICS)[MetricName]][]) {
      const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
      if (kind === 'counter') {
        this.#counters.set(name, new Counter(options));
      } else if (kind === 'histogram') {
        this.#histograms.set(name, new Histogram({ ...options, buckets: BUCKETS[name] ?? LATENCY_BUCKETS_S }));
      } else {
        new Gauge({ ...options, collect(): void { setGauge(this, name, readGauges()); } });
      }
    }
    const stages = this.#histogram('orator_stage_seconds');
    this.#stages = new Map(STAGES.map((stage) => [stage, stages.labels({ stage })]));
  }

  stageMs(stage: Stage, ms: number): void {
    this.#stages.get(stage)?.observe(ms / 1000);
  }

  batchFrames(frames: number): void {
    this.#histogram('orator_batch_frames').observe(frames);
  }

  count(event: CountedEvent, by = 1): void {
    this.#counter(COUNTERS[event]).inc(by);
  }

  sessionStarted(): void {
    this.#counter('orator_sessions_started_total').inc();
  }

  sessionEnded(reason: string): void {
    this.#counter('orator_sessions_ended_total').inc({ reason });
  }

  sessionRejected(code: string): void {
    this.#counter('orator_sessions_rejected_total').inc({ code });
  }

  speechToFrameMs(ms: number): void {
    this.#histogram('orator_speech_to_frame_seconds').observe(ms / 1000);
  }

  interruptSilenceMs(ms: number): void {
    this.#histogram('orator_interrupt_silence_seconds').observe(ms / 1000);
  }

  firstFrameMs(ms: number): void {
    this.#histogram('orator_first_frame_seconds').observe(ms / 1000);
  }

  /** Content type of `text()`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text form. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: MetricName): Counter {
    const counter = this.#counters.get(name);
    if (counter === undefined) {
      throw new TypeError(`${name} is no counter.`);
    }
    return counter;
  }

  #histogram(name: MetricName): Histogram {
    const histogram = this.#histograms.get(name);
    if (histogram === undefined) {
      throw new TypeError(`${name} is no histogram.`);
    }
    return histogram;
  }
}

const COUNTERS = Object.fromEntries(COUNTED_EVENTS.map((event) => [event, `orator_${event}_total`])) as Record<CountedEvent, MetricName>;

function setGauge(gauge: Gauge, name: string, values: Gauges): void {
  switch (name) {
    case 'orator_sessions': { setLabelled(gauge, Object.entries(values.sessionsByState).map(([state, count]) => [{ state }, count])); return; }
    case 'orator_queued_speech_seconds': { gauge.set(values.queuedSpeechMs / 1000); return; }
    case 'orator_frames_in_flight': { gauge.set(values.framesInFlight); return; }
    case 'orator_video_bitrate_bps': { gauge.set(values.videoBitrateBps); return; }
    case 'orator_fraction_lost_ratio': { gauge.set(values.fractionLost); return; }
    case 'orator_round_trip_seconds': { gauge.set(values.roundTripMs / 1000); return; }
    case 'orator_audio_video_offset_seconds': { gauge.set(values.avOffsetMs / 1000); return; }
    case 'orator_frames_left_out_ratio': { gauge.set(values.leftOutShare); return; }
    case 'orator_session_cost_cores': { gauge.set(values.costCores); return; }
    case 'orator_info': { setLabelled(gauge, values.packs.map(({ name: pack, provider }) => [{ version, pack, provider }, 1])); return; }
    default: { throw new TypeError(`${name} is no gauge.`); }
  }
}

/** Those of before are forgotten: a pack that was loaded anew may draw on another device. */
function setLabelled(gauge: Gauge, values: readonly (readonly [labels: Record<string, string>, value: number])[]): void {
  gauge.reset();
  for (const [labels, value] of values) {
    gauge.set(labels, value);
  }
}
