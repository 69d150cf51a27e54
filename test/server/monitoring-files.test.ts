import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { METRICS } from '../../src/server/metrics.ts';

interface Target { readonly expr: string; readonly legendFormat: string }
interface Panel { readonly id: number; readonly title: string; readonly type: string; readonly targets?: readonly Target[]; readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number } }
interface Alert { readonly alert: string; readonly expr: string; readonly annotations: { readonly summary: string; readonly description: string } }

/** Metrics that Node and the process give by themselves. */
const DEFAULT_METRICS = ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'];

const dashboard = JSON.parse(await readFile(new URL('../../config/grafana-dashboard.json', import.meta.url), 'utf8')) as { panels: Panel[] };
const { groups } = parse(await readFile(new URL('../../config/prometheus-alerts.yaml', import.meta.url), 'utf8')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);

/** Metrics an expression reads; a histogram's parts count as the histogram. */
function metricsIn(expression: string): string[] {
  return [...expression.matchAll(/\b(?:orator|process|nodejs)_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
}

/** Labels by which the expression selects or groups a metric of ours. */
function labelsIn(expression: string): string[] {
  return [...expression.matchAll(/by \(([^)]*)\)/g), ...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, list]) => [...(list ?? '').matchAll(/(\w+)\s*(?=[=!,]|$)/g)].map((match) => match[1]!));
}

test('dashboard and alerts read only metrics that the server gives', () => {
  for (const { expr } of [...targets, ...alerts]) {
    for (const name of metricsIn(expr)) {
      assert.ok(name in METRICS || DEFAULT_METRICS.includes(name), `${name} in ${expr}`);
    }
  }
});

test('every metric of the server is on the dashboard', () => {
  const shown = new Set(targets.flatMap(({ expr }) => metricsIn(expr)));
  assert.deepEqual(Object.keys(METRICS).filter((name) => !shown.has(name)), []);
});

test('histograms are read by their buckets, counters as rates', () => {
  for (const { expr } of [...targets, ...alerts]) {
    for (const name of metricsIn(expr)) {
      const kind = name in METRICS ? METRICS[name as keyof typeof METRICS].kind : name.endsWith('_total') ? 'counter' : 'gauge';
      if (kind === 'histogram') {
        assert.match(expr, new RegExp(`histogram_quantile\\(.*${name}_bucket`), expr);
      } else if (kind === 'counter') {
        assert.match(expr, new RegExp(`(rate|increase)\\(${name}[{[]`), expr);
      }
    }
  }
});

test('expressions use labels that their metrics have', () => {
  const known = new Set(['le', 'instance', 'job', ...Object.values(METRICS).flatMap(({ labels }): readonly string[] => labels)]);
  for (const { expr } of [...targets, ...alerts]) {
    for (const label of labelsIn(expr)) {
      assert.ok(known.has(label), `${label} in ${expr}`);
    }
  }
});

test('panels lie beside one another and alerts say what to do', () => {
  for (const [index, a] of dashboard.panels.entries()) {
    assert.ok(a.gridPos.x + a.gridPos.w <= 24, a.title);
    for (const b of dashboard.panels.slice(index + 1)) {
      const apart = a.gridPos.x + a.gridPos.w <= b.gridPos.x || b.gridPos.x + b.gridPos.w <= a.gridPos.x || a.gridPos.y + a.gridPos.h <= b.gridPos.y || b.gridPos.y + b.gridPos.h <= a.gridPos.y;
      assert.ok(apart, `${a.title} and ${b.title}`);
    }
  }
  for (const { alert, annotations } of alerts) {
    assert.match(annotations.summary, /\.$/, alert);
    assert.match(annotations.description, /\.$/, alert);
  }
});
