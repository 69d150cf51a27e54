import { AvatarError } from '../base/errors.ts';
import type { OpenedLink } from './session-parts.ts';
import type { LinkFigures, ViewerLink } from './viewer-link.ts';

/** Figures of a viewer that is not there yet. */
const NO_LINK: LinkFigures = Object.freeze({ framesInFlight: 0, videoBitrateBps: 0, fractionLost: 0, roundTripMs: 0, avOffsetMs: 0, framesSent: 0, bytesSent: 0 });

/** What a door is made of. */
export interface ViewerDoorParts {
  /** Throws what an offer or a candidate that comes too late is told. */
  assertOpen(): void;
  /** Opens the link for the first offer; its owner closes it. */
  openLink(offerSdp: string): Promise<OpenedLink>;
}

/** Where a session's viewer comes in: the first offer opens the link, each later one restarts its ICE, one after the other; candidates follow. */
export class ViewerDoor {
  readonly #parts: ViewerDoorParts;
  #link: ViewerLink | undefined;
  #answering: Promise<unknown> = Promise.resolve();

  constructor(parts: ViewerDoorParts) {
    this.#parts = parts;
  }

  /** The viewer's link, once the first offer is answered. */
  get link(): ViewerLink | undefined {
    return this.#link;
  }

  /** Numbers of the link, zeros before there is one. */
  get figures(): LinkFigures {
    return this.#link?.figures ?? NO_LINK;
  }

  /** Answers an offer with an SDP; rejects with what `assertOpen` throws or the link says. */
  offer(offerSdp: string): Promise<string> {
    const answer = this.#answering.then(() => this.#answer(offerSdp));
    // The caller hears of a failure; the chain only keeps offers apart.
    this.#answering = answer.then(() => undefined, () => undefined);
    return answer;
  }

  /**
   * Takes a trickled ICE candidate once the offers before it are answered; rejects with what `assertOpen` throws.
   * @throws AvatarError `invalid_candidate`, also when no offer has opened a link.
   */
  async addCandidate(candidate: Parameters<ViewerLink['addCandidate']>[0]): Promise<void> {
    this.#parts.assertOpen();
    await this.#answering;
    this.#parts.assertOpen();
    if (this.#link === undefined) {
      throw new AvatarError('invalid_candidate', 'The ICE candidate came before an SDP offer that could be answered. Send the offer first.');
    }
    await this.#link.addCandidate(candidate);
  }

  async #answer(offerSdp: string): Promise<string> {
    this.#parts.assertOpen();
    if (this.#link !== undefined) {
      return this.#link.restart(offerSdp);
    }
    const { link, answerSdp } = await this.#parts.openLink(offerSdp);
    this.#link = link;
    return answerSdp;
  }
}
