import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ViewerDoor } from '../../src/session/viewer-door.ts';
import type { LinkFigures, ViewerLink } from '../../src/session/viewer-link.ts';

const FIGURES: LinkFigures = { framesInFlight: 1, videoBitrateBps: 2, fractionLost: 0, roundTripMs: 4, avOffsetMs: 5, framesSent: 6, bytesSent: 7 };

/** A door whose links open when the test says so. */
class Entrance {
  readonly log: string[] = [];
  readonly opening: { answer: () => void; refuse: (error: Error) => void }[] = [];
  shut = false;
  readonly door = new ViewerDoor({
    assertOpen: () => {
      if (this.shut) {
        throw new Error('too late');
      }
    },
    openLink: (offer) => new Promise((resolve, reject) => {
      this.log.push(`open ${offer}`);
      const link = {
        figures: FIGURES,
        restart: (again: string) => { this.log.push(`restart ${again}`); return Promise.resolve(`answer ${again}`); },
        addCandidate: ({ candidate }: { candidate: string }) => { this.log.push(`candidate ${candidate}`); return Promise.resolve(); },
      };
      this.opening.push({ answer: () => { resolve({ link: link as unknown as ViewerLink, answerSdp: `answer ${offer}` }); }, refuse: reject });
    }),
  });
}

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

test('the first offer opens the link, those that come meanwhile wait and restart its ICE', async () => {
  const { door, log, opening } = new Entrance();
  const answers = Promise.all([door.offer('a'), door.offer('b')]);
  await settled();
  assert.deepEqual(log, ['open a']);
  assert.equal(door.link, undefined);
  assert.equal(door.figures.framesSent, 0);
  opening[0]?.answer();
  assert.deepEqual(await answers, ['answer a', 'answer b']);
  assert.deepEqual(log, ['open a', 'restart b']);
  assert.deepEqual(door.figures, FIGURES);
});

test('after an offer that failed the next one opens the link', async () => {
  const { door, log, opening } = new Entrance();
  const [first, second] = [door.offer('a'), door.offer('b')];
  await settled();
  opening[0]?.refuse(new Error('no codec'));
  await assert.rejects(first, /no codec/);
  await settled();
  opening[1]?.answer();
  assert.equal(await second, 'answer b');
  assert.deepEqual(log, ['open a', 'open b']);
});

test('an offer that waited until the session was over is refused, as one that comes then', async () => {
  const entrance = new Entrance();
  const { door, opening } = entrance;
  const [first, second] = [door.offer('a'), door.offer('b')];
  await settled();
  entrance.shut = true;
  opening[0]?.answer();
  assert.equal(await first, 'answer a');
  await assert.rejects(second, /too late/);
  await assert.rejects(door.offer('c'), /too late/);
});

test('a candidate that comes while the offer is being answered waits for the answer, and is used then', async () => {
  const { door, log, opening } = new Entrance();
  const answer = door.offer('a');
  const added = door.addCandidate({ candidate: 'x' });
  await settled();
  assert.deepEqual(log, ['open a']);
  opening[0]?.answer();
  await answer;
  await added;
  assert.deepEqual(log, ['open a', 'candidate x']);
});

test('a candidate without an offer, after one that failed or after the end is refused', async () => {
  const entrance = new Entrance();
  const { door, opening } = entrance;
  await assert.rejects(door.addCandidate({ candidate: 'x' }), { code: 'invalid_candidate' });
  const offer = door.offer('a');
  const waiting = door.addCandidate({ candidate: 'y' });
  await settled();
  opening[0]?.refuse(new Error('no codec'));
  await assert.rejects(offer, /no codec/);
  await assert.rejects(waiting, { code: 'invalid_candidate' });
  const late = door.addCandidate({ candidate: 'z' });
  entrance.shut = true;
  await assert.rejects(late, /too late/);
});
