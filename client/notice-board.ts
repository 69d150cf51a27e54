import { element } from './element.ts';

/** How long a notice stays when nobody closes it, in milliseconds. */
const NOTICE_MS = 12_000;

/** Most notices at once; the oldest goes first. */
const NOTICE_LIMIT = 3;

/** Shows errors in words, where screen readers announce them; each can be closed and goes by itself. */
export class NoticeBoard {
  readonly #board = element('notices', HTMLElement);

  /** Shows a message; the same message twice is shown once. The code is there for whoever reports the problem. */
  show(message: string, code: string): void {
    for (const notice of [...this.#board.children]) {
      if (notice instanceof HTMLElement && notice.dataset['message'] === message) {
        notice.remove();
      }
    }
    const notice = makeNotice(message, code);
    this.#board.append(notice);
    while (this.#board.childElementCount > NOTICE_LIMIT) {
      this.#board.firstElementChild?.remove();
    }
    setTimeout(() => { notice.remove(); }, NOTICE_MS);
  }

  /** Shows whatever was thrown. */
  showError(error: unknown): void {
    const { message, code } = error as { message?: string; code?: unknown };
    this.show(message ?? String(error), typeof code === 'string' ? code : 'page_error');
  }

  /** Takes all notices away. */
  clear(): void {
    this.#board.replaceChildren();
  }
}

function makeNotice(message: string, code: string): HTMLElement {
  const notice = document.createElement('div');
  notice.className = 'notice';
  notice.dataset['code'] = code;
  notice.dataset['message'] = message;
  const text = document.createElement('p');
  text.textContent = message;
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'notice-close';
  close.textContent = '×';
  close.setAttribute('aria-label', 'Close this message');
  close.addEventListener('click', () => { notice.remove(); });
  notice.append(text, close);
  return notice;
}
