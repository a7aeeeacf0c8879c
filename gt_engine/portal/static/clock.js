/** The time that is left for a task, and the time that somebody really worked on it. */

const WARN_AT = 0.8; // of the time limit
const IDLE_AFTER = 60_000; // ms without input: a pause

/** @param {number} seconds @returns {string} "1:02:03", "4:05" */
function asClock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Counts down by the server's word of how long is left; the computer's own clock may be wrong. */
export class TimeLimit {
  #timer = 0;
  #ends = 0;

  /** @param {HTMLElement} place @param {(state: "soon"|"over") => void} tell */
  constructor(place, tell) {
    this.place = place;
    this.tell = tell;
    this.limit = 0;
    /** @type {""|"soon"|"over"} */
    this.state = "";
  }

  /** @param {number} secondsLeft @param {number} limit */
  start(secondsLeft, limit) {
    this.stop();
    this.#ends = performance.now() + secondsLeft * 1000;
    this.limit = limit;
    this.state = "";
    this.place.hidden = false;
    this.#show();
    this.#timer = setInterval(() => this.#show(), 500);
  }

  stop() {
    clearInterval(this.#timer);
    this.place.hidden = true;
  }

  #show() {
    const left = (this.#ends - performance.now()) / 1000;
    const state = left <= 0 ? "over" : left <= this.limit * (1 - WARN_AT) ? "soon" : "";
    this.place.textContent = left <= 0 ? "Time is up" : `${asClock(left)} left`;
    this.place.dataset.state = state;
    if (state === this.state) return;
    this.state = state;
    if (state) this.tell(state);
  }
}

/**
 * Seconds of work on one task: while its page is visible and somebody did something within the last minute.
 * A minute without input is counted once and no longer, as nobody can tell looking from leaving.
 */
export class ActiveTime {
  #last = 0;
  #counted = 0;
  #isRunning = false;

  /** @param {() => number} now milliseconds @param {() => boolean} isVisible */
  constructor(now = () => performance.now(), isVisible = () => document.visibilityState === "visible") {
    this.now = now;
    this.isVisible = isVisible;
    this.seconds = 0;
  }

  /** @param {number} seconds counted before, by an earlier visit */
  start(seconds = 0) {
    this.seconds = seconds;
    this.resume();
  }

  resume() {
    this.#isRunning = true;
    this.#last = this.#counted = this.now();
  }

  stop() {
    this.count();
    this.#isRunning = false;
  }

  /** Something was done. */
  touch() {
    if (!this.#isRunning) return;
    this.count();
    this.#last = this.#counted = this.now();
  }

  /** Counts up to now. Call it about every second, and before the page is hidden. @returns {number} */
  count() {
    if (!this.#isRunning) return this.seconds;
    const until = Math.min(this.now(), this.#last + IDLE_AFTER);
    if (this.isVisible()) this.seconds += Math.max(0, until - this.#counted) / 1000;
    this.#counted = Math.max(this.#counted, this.now());
    return this.seconds;
  }
}
