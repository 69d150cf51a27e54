import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { readServer } from '../../loadtest/server-figures.ts';

const METRICS = `# TYPE orator_batch_frames histogram
orator_batch_frames_bucket{le="1"} 10
orator_batch_frames_bucket{le="2"} 14
orator_batch_frames_bucket{le="4"} 15
orator_batch_frames_bucket{le="+Inf"} 15
orator_batch_frames_sum 22
orator_batch_frames_count 15
orator_sessions{state="idle"} 1
orator_sessions{state="speaking"} 2
orator_video_bitrate_bps 1500000
`;

test('metrics are read over all their labels, and a histogram of batches by bucket', async () => {
  const server = createServer((_request, response) => { response.end(METRICS); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  try {
    const { sessions, videoKbps, batches } = await readServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    assert.deepEqual([sessions, videoKbps], [3, 1500]);
    assert.deepEqual([...batches], [[1, 10], [2, 4], [4, 1], [Infinity, 0]]);
  } finally {
    await new Promise((resolve) => { server.close(resolve); });
  }
});
