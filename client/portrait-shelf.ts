import { element } from './element.ts';
import type { AvatarSummary, OratorApi } from './orator-api.ts';

/** Tells what the viewer does with the portraits. */
export interface PortraitShelfEvents {
  /** Another portrait was chosen. */
  readonly onChosen: (avatar: AvatarSummary) => void;
  /** A portrait could not be listed, uploaded or deleted. */
  readonly onError: (error: unknown) => void;
}

/** The portraits to choose from, with upload by button or by dropping a file on the page. */
export class PortraitShelf {
  readonly #api: OratorApi;
  readonly #events: PortraitShelfEvents;
  readonly #group = element('portraits', HTMLElement);
  readonly #warnings = element('portrait-warnings', HTMLElement);
  readonly #upload = element('upload', HTMLInputElement);
  readonly #veil = element('drop-veil', HTMLElement);
  readonly #addTile: HTMLButtonElement;
  #avatars: readonly AvatarSummary[] = [];
  #chosen: AvatarSummary | null = null;

  constructor(api: OratorApi, events: PortraitShelfEvents) {
    this.#api = api;
    this.#events = events;
    this.#addTile = makeAddTile(() => { this.#upload.click(); });
    this.#upload.addEventListener('change', () => {
      void this.#add(this.#upload.files?.[0]);
      this.#upload.value = '';
    });
    this.#acceptDrops();
  }

  /** The chosen portrait; null before the list is there. */
  get chosen(): AvatarSummary | null {
    return this.#chosen;
  }

  /** Reads the list from the server and chooses the first, unless the chosen one is still there. */
  async load(): Promise<void> {
    this.#avatars = await this.#api.listAvatars();
    this.#group.setAttribute('aria-busy', 'false');
    const kept = this.#avatars.find(({ id }) => id === this.#chosen?.id) ?? this.#avatars[0];
    if (kept !== undefined && kept.id !== this.#chosen?.id) {
      this.#choose(kept);
    }
    this.#draw();
  }

  #choose(avatar: AvatarSummary): void {
    this.#chosen = avatar;
    this.#warnings.textContent = avatar.warnings.join(' ');
    this.#warnings.hidden = avatar.warnings.length === 0;
    this.#events.onChosen(avatar);
  }

  #draw(): void {
    this.#group.replaceChildren(...this.#avatars.map((avatar) => this.#makeTile(avatar)), this.#addTile);
  }

  #makeTile(avatar: AvatarSummary): HTMLElement {
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = 'portrait';
    radio.value = avatar.id;
    radio.checked = avatar.id === this.#chosen?.id;
    radio.addEventListener('change', () => { this.#choose(avatar); });
    const image = document.createElement('img');
    image.src = avatar.imageUrl;
    image.alt = '';
    image.loading = 'lazy';
    const name = document.createElement('span');
    name.className = 'tile-name';
    name.textContent = avatar.name;
    const label = document.createElement('label');
    label.append(radio, image, name);
    const tile = document.createElement('div');
    tile.className = 'tile';
    tile.dataset['avatar'] = avatar.id;
    tile.append(label);
    if (!avatar.builtIn) {
      tile.append(makeDeleteButton(avatar.name, () => { void this.#delete(avatar.id); }));
    }
    return tile;
  }

  async #add(file: File | undefined): Promise<void> {
    if (file === undefined) {
      return;
    }
    this.#setBusy(true);
    try {
      const added = await this.#api.uploadAvatar(file);
      this.#avatars = [...this.#avatars.filter(({ id }) => id !== added.id), added];
      this.#choose(added);
      this.#draw();
    } catch (error) {
      this.#events.onError(error);
    } finally {
      this.#setBusy(false);
    }
  }

  async #delete(id: string): Promise<void> {
    try {
      await this.#api.deleteAvatar(id);
      await this.load();
      this.#group.querySelector<HTMLInputElement>('input:checked')?.focus();
    } catch (error) {
      this.#events.onError(error);
    }
  }

  #setBusy(busy: boolean): void {
    this.#group.setAttribute('aria-busy', String(busy));
    this.#addTile.disabled = busy;
    this.#addTile.classList.toggle('is-busy', busy);
    this.#addTile.lastElementChild?.replaceChildren(busy ? 'Preparing' : 'Upload');
  }

  #acceptDrops(): void {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    addEventListener('dragover', (event) => {
      if (hasFiles(event)) {
        event.preventDefault();
        this.#veil.hidden = false;
      }
    });
    addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) {
        this.#veil.hidden = true;
      }
    });
    addEventListener('drop', (event) => {
      this.#veil.hidden = true;
      if (hasFiles(event)) {
        event.preventDefault();
        void this.#add(event.dataTransfer?.files[0]);
      }
    });
  }
}

function makeAddTile(onPress: () => void): HTMLButtonElement {
  const tile = document.createElement('button');
  tile.type = 'button';
  tile.id = 'add-portrait';
  tile.className = 'tile-add';
  const sign = document.createElement('span');
  sign.className = 'tile-add-sign';
  sign.setAttribute('aria-hidden', 'true');
  const text = document.createElement('span');
  text.className = 'tile-name';
  text.textContent = 'Upload';
  tile.append(sign, text);
  tile.addEventListener('click', onPress);
  return tile;
}

/** A button that asks once: the first press turns it into the question, leaving it takes the question back. */
function makeDeleteButton(name: string, onConfirmed: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  const reset = (): void => {
    button.textContent = '×';
    button.classList.remove('is-asking');
    button.setAttribute('aria-label', `Delete ${name}`);
  };
  button.type = 'button';
  button.className = 'tile-delete';
  reset();
  button.addEventListener('blur', reset);
  button.addEventListener('click', () => {
    if (button.classList.contains('is-asking')) {
      onConfirmed();
      return;
    }
    button.textContent = 'Delete?';
    button.classList.add('is-asking');
    button.setAttribute('aria-label', `Delete ${name} for good?`);
  });
  return button;
}
