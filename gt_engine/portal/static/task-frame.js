/** The page of one task in its frame: a stranger until shown otherwise. All it can do is send messages through one port. */

const READY_LIMIT = 25_000; // ms
const SILENCE_LIMIT = 2_000; // ms after the frame has loaded
const MOST_CHARACTERS = 8 * 1024 * 1024; // of a draft or an answer, as JSON

/** @typedef {{key: string, ctrl: boolean, alt: boolean, shift: boolean, meta: boolean}} Key a key that was pressed, and those held with it */

/**
 * @typedef {object} Listener
 * @property {(value: unknown) => void} draft
 * @property {(answer: object) => void} submit
 * @property {(verdict: {canSubmit: boolean, message?: string}) => void} valid
 * @property {(value: object) => void} settings what the worker set in the job's pages
 * @property {() => void} activity
 * @property {(key: Key) => void} key
 * @property {(src: string) => void} imageFailed
 */

const MOST_SETTINGS = 4096; // characters
/** @param {unknown} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** @param {unknown} value */
const isSmall = (value) => JSON.stringify(value).length <= MOST_CHARACTERS;

export class TaskFrame {
  /** @type {MessagePort|null} */
  #port = null;
  /** @type {string|null} */
  #imageFailed = null;
  #isHeard = false;
  #isLoadedAgain = false;

  /**
   * @param {HTMLElement} place @param {{id: string, page: string, title: string}} task
   * @param {(frame: TaskFrame) => Listener} listener asked at each message: the frame's role changes
   */
  constructor(place, task, listener) {
    this.task = task;
    this.listener = listener;
    this.canSubmit = false;
    this.element = document.createElement("iframe");
    this.element.setAttribute("sandbox", "allow-scripts allow-forms");
    this.element.referrerPolicy = "no-referrer";
    this.element.title = task.title;
    /** Settled when the frame can be shown. Errors: its page does not load, or has none of our elements in it. @type {Promise<void>} */
    this.ready = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = (/** @type {string} */ words) => reject(new Error(words));
    });
    this.ready.catch(() => {});
    this.#limit();
    this.#load();
    this.show("next");
    place.append(this.element);
  }

  #limit() {
    clearTimeout(this.limit);
    this.limit = setTimeout(() => this.fail("The page of this task cannot be loaded."), READY_LIMIT);
  }

  #load() {
    this.#port?.close();
    // A load that was not asked for is another page in the same frame: it gets no port, and the first port is dead.
    this.element.addEventListener("load", () => this.#connect(), { once: true });
    this.element.src = this.task.page;
  }

  /** @param {"current"|"next"|"previous"} as */
  show(as) {
    this.element.dataset.place = as;
    this.element.inert = as !== "current";
    this.element.toggleAttribute("aria-hidden", as !== "current");
    if (as === "current") this.focus();
  }

  /** Gives the page the keyboard. From within a page can ask for it, and is not always given it. */
  focus() {
    this.element.focus({ preventScroll: true });
  }

  /** @param {object} message */
  send(message) {
    this.#port?.postMessage(message);
  }

  /** The first picture that could not be shown. */
  get imageFailed() {
    return this.#imageFailed;
  }

  remove() {
    this.#port?.close();
    this.#port = null;
    this.element.remove();
  }

  #connect() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#receive(data);
    // The frame's origin is opaque, so that none can be named; the port goes to this window and nowhere else.
    this.element.contentWindow?.postMessage({ type: "connect", task: this.task.id }, "*", [port2]);
    setTimeout(() => this.#ask(), SILENCE_LIMIT);
  }

  get #isSilent() {
    return !this.#isHeard && this.element.isConnected;
  }

  /**
   * A page that says nothing is one that the server refused, or that was asked for while it could not be reached. The
   * frame cannot be looked into, so the server is asked. Until it answers the page is asked for again, and once more then.
   */
  async #ask() {
    if (!this.#isSilent) return;
    const answer = await fetch(this.task.page, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!this.#isSilent) return;
    if (answer && !answer.ok) return this.fail((await answer.json().catch(() => ({}))).message ?? `The server answered ${answer.status}.`);
    if (!answer) this.#limit();
    if (!answer || !this.#isLoadedAgain) this.#load();
    this.#isLoadedAgain = Boolean(answer);
  }

  /** @param {any} message of a stranger */
  #receive(message) {
    if (!isObject(message)) return;
    this.#isHeard = true;
    const hears = this.listener(this);
    switch (message.type) {
      case "ready":
        this.canSubmit = message.canSubmit === true;
        this.settle();
        break;
      case "valid":
        this.canSubmit = message.canSubmit === true;
        hears.valid({ canSubmit: this.canSubmit, message: typeof message.message === "string" ? message.message.slice(0, 300) : undefined });
        break;
      case "draft":
        if (isSmall(message.value ?? null)) hears.draft(message.value ?? null);
        break;
      case "submit":
        if (isObject(message.answer) && isSmall(message.answer)) hears.submit(message.answer);
        break;
      case "settings":
        if (isObject(message.value) && JSON.stringify(message.value).length < MOST_SETTINGS) hears.settings(message.value);
        break;
      case "activity":
        hears.activity();
        break;
      case "key":
        if (typeof message.key === "string") hears.key(message);
        break;
      case "image-failed":
        this.#imageFailed ??= String(message.src).slice(0, 500);
        hears.imageFailed(this.#imageFailed);
        break;
      case "error":
        console.warn("The task's page:", String(message.message).slice(0, 500));
        break;
    }
  }
}
