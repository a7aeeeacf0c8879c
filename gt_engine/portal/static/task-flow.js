/** From one task to the next: each is begun, worked on in its frame, and submitted. What may be done is the server's word. */

import { showCard, showEnd, showFailure, showNoWork, showPause } from "./card.js";
import { TimeLimit } from "./clock.js";
import { showControls, showDay, showOffline, showSaved } from "./controls.js";
import { Delivery } from "./delivery.js";
import { GivingBack } from "./giving-back.js";
import { Shelf, sendLeftDrafts } from "./keeping.js";
import { clearNotice, tell } from "./notice.js";
import { part } from "./page.js";
import { Refused } from "./server.js";
import { TaskQueue } from "./task-queue.js";
import { UndoOffer } from "./undo-offer.js";
import { Work } from "./work.js";

/** @typedef {import("./task-frame.js").Key} Key */

const LOADING_AFTER = 250; // ms: a task that was fetched ahead is there sooner

const theme = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
const idle = () => {};

export class TaskFlow {
  #isGoing = false; // between two tasks: keys and buttons do nothing
  #turn = 0; // counts them, so that one that was overtaken leaves the controls alone
  #lateTimer = 0;
  #lookTimer = 0;
  /** @type {object|undefined} */
  #lastAnswer;
  /** @type {UndoOffer} */
  #undoOffer;
  #clock = new TimeLimit(part("clock"), (state) => {
    if (state === "over") tell("The time for this task is over. Submit within a minute; after that it goes to others, and your work is kept as a draft.", "bad");
  });

  /**
   * @param {{job: string, worker: string, lookAgain: string}} place seconds after which to look for new tasks
   * @param {(key: Key) => void} press hears the keys that the task's page has no use for
   */
  constructor({ job, worker, lookAgain }, press) {
    this.job = job;
    this.lookAgain = lookAgain;
    this.press = press;
    this.shelf = new Shelf(worker);
    this.delivery = new Delivery(this.shelf, {
      late: showOffline,
      taken: (work, day) => this.#taken(work, day),
      refused: (work, error) => this.#refused(work, error),
      leftRefused: (error) => tell(`An answer of your last visit was not taken: ${error.message}`, "bad"),
    });
    this.queue = new TaskQueue(job, (task) => this.#open(task), () => this.delivery.tasks);
    this.givingBack = new GivingBack(this.queue, () => {
      this.#isGoing = false;
      this.goOn();
    });
    this.#undoOffer = new UndoOffer(part("undo"), this.queue);
  }

  get current() {
    return this.queue.current;
  }

  get isGoing() {
    return this.#isGoing;
  }

  /** Whether the current task can be worked on. */
  get isOpen() {
    return Boolean(this.current?.isStarted) && !this.#isGoing;
  }

  /** From the beginning, or with an answer that is to be corrected. */
  async visit() {
    const reopen = new URLSearchParams(location.search).get("reopen");
    history.replaceState(null, "", location.pathname);
    this.delivery.sendLeft().then(() => sendLeftDrafts(this.shelf, this.queue.besides));
    if (reopen) {
      try {
        await this.queue.reopen(reopen);
      } catch (error) {
        tell(error instanceof Refused ? error.message : "The server cannot be reached.", "bad");
      }
    }
    await this.goOn();
  }

  /** Another tab works on the job from here on. */
  leave() {
    this.#isGoing = true;
    this.#turn += 1;
    clearTimeout(this.#lookTimer);
    this.queue.close();
    this.#clock.stop();
    this.#undoOffer.withdraw();
    clearNotice();
    showSaved("");
    this.#showControls();
  }

  // --- from task to task

  /** On to the next task. */
  async goOn() {
    if (this.#isGoing) return;
    this.#isGoing = true;
    const own = this.#turn += 1;
    this.#clock.stop();
    this.#showControls();
    clearTimeout(this.#lateTimer);
    this.#lateTimer = setTimeout(() => showCard("Loading…"), LOADING_AFTER);
    try {
      for (let next = await this.queue.takeNext(); next; next = await this.queue.takeNext()) {
        if (await this.#isBegun(next)) return;
      }
      this.#showNothing();
    } catch (error) {
      if (error instanceof Refused && error.status === 404 && !this.current) this.#showEnd();
      else this.#showProblem(error);
    } finally {
      if (own === this.#turn) { // else the worker has submitted already, and the next turn goes on
        clearTimeout(this.#lateTimer);
        this.#isGoing = false;
        this.#showControls();
      }
    }
  }

  /** @param {Work} work @returns {Promise<boolean>} whether the task is shown; false where others were faster */
  async #isBegun(work) {
    try {
      await this.#begin(work);
      return true;
    } catch (error) {
      if (!(error instanceof Refused && error.status === 409)) throw error;
      this.#isGoing = true;
      work.close();
      this.queue.dropCurrent();
      return false;
    }
  }

  /** Shows a task; its clock starts. Nobody waits for the server: it is told at the same time. @param {Work} work */
  async #begin(work) {
    this.queue.show(work);
    work.accepted = this.#accept(work);
    work.accepted.catch(idle); // awaited below, and before an answer is sent
    const [draft] = await Promise.all([work.draft, work.frame.ready]);
    if (this.current !== work) return;
    clearTimeout(this.#lateTimer);
    part("waiting").hidden = true;
    if (work.isStarted) work.active.resume();
    else this.#start(work, draft);
    this.#isGoing = false;
    if (work.frame.imageFailed) this.#showImageFailed();
    this.#showControls();
    this.queue.fetchAhead();
    await work.accepted;
  }

  /** @param {Work} work Errors: `Refused` where the task is no longer to be had. */
  async #accept(work) {
    await work.accept(showOffline);
    if (work === this.current) this.#clock.start(work.task.secondsLeft, work.task.timeLimitSeconds);
  }

  /** @param {Work} work @param {import("./work.js").Draft|null} draft */
  #start(work, draft) {
    work.start(draft, { theme: theme(), last: this.#lastAnswer, settings: this.shelf.get("settings", this.job) ?? {} });
    this.#showSaved(draft ? "saved" : "");
    if (draft && this.shelf.get("draft", work.task.id)) work.keeper.keep(draft);
  }

  // --- what a frame says

  /** @param {import("./work.js").Task} task */
  #open(task) {
    return new Work(task, part("frames"), this.shelf, {
      byFrame: (work) => this.#hearing(work),
      byKeeper: (work, state) => { if (work === this.current) this.#showSaved(state); },
    });
  }

  /** @param {Work} work @returns {import("./task-frame.js").Listener} */
  #hearing(work) {
    const isCurrent = work === this.current && !this.#isGoing;
    return {
      draft: (value) => work.keep(value),
      submit: isCurrent && work.isStarted ? (answer) => this.#submit(work, answer) : idle,
      valid: isCurrent ? (verdict) => this.#showVerdict(work, verdict) : idle,
      settings: (value) => this.shelf.put("settings", this.job, value),
      activity: () => work.active.touch(),
      key: isCurrent ? this.press : idle,
      imageFailed: isCurrent ? () => this.#showImageFailed() : idle,
    };
  }

  // --- answers, and back to them

  /** @param {Work} work the current one @param {object} answer */
  #submit(work, answer) {
    work.finish(answer);
    this.#lastAnswer = answer;
    this.delivery.keep(work);
    this.#undoOffer.withdraw();
    clearNotice();
    this.queue.keepAsPrevious();
    this.goOn();
    this.delivery.send(work);
  }

  /** @param {Work} work @param {import("./work.js").Day} day */
  #taken(work, day) {
    showDay(day);
    if (work === this.queue.previous) this.#undoOffer.open(work);
  }

  /** What no label can be made of comes back to be mended. @param {Work} work @param {Refused} error */
  async #refused(work, error) {
    if (error.status !== 422) return tell(`The last answer was not taken: ${error.message}`, "bad");
    if (work !== this.queue.previous) return tell(`An answer was not taken: ${error.message}`, "bad");
    this.queue.takeBack(work);
    await this.#begin(work);
    return tell(error.message, "bad");
  }

  async undo() {
    if (this.#isGoing || !this.#undoOffer.isOpen) return;
    this.#isGoing = true; // an answer that is submitted meanwhile would take the place of the one that comes back
    const own = this.#turn += 1;
    this.#showControls();
    const work = await this.#undoOffer.take();
    if (own !== this.#turn) return; // another tab took the job
    this.#isGoing = false;
    this.#showControls();
    if (work) await this.#begin(work).catch((error) => this.#showProblem(error));
  }

  // --- what is shown

  /** @param {import("./controls.js").State} state */
  #showSaved(state) {
    showSaved(state);
    if (state === "saved") this.current?.frame.send({ type: "saved" });
  }

  #showControls() {
    showControls(this.current, this.isOpen);
  }

  /**
   * What is missing is said in the frame, where it can be mended; that a script of the template stopped it, is said here.
   * @param {Work} work @param {{canSubmit: boolean, message?: string}} verdict
   */
  #showVerdict(work, { canSubmit, message }) {
    this.#showControls();
    if (canSubmit && work.isAsked && message) tell(message);
    else if (canSubmit) clearNotice();
    work.isAsked = false;
  }

  #showImageFailed() {
    tell("An image of this task cannot be shown.", "bad", this.#declineUnseen());
  }

  #declineUnseen() {
    return { label: "Decline this task", act: () => this.givingBack.decline("cannot-be-shown") };
  }

  #showNothing() {
    this.queue.dropCurrent();
    showSaved("");
    if (this.queue.isPaused) {
      showPause();
      return;
    }
    showNoWork(this.lookAgain, () => this.goOn());
    clearTimeout(this.#lookTimer);
    this.#lookTimer = setTimeout(() => { if (!this.current) this.goOn(); }, Number(this.lookAgain) * 1000);
  }

  #showEnd() {
    showSaved("");
    showEnd();
  }

  /** @param {any} error */
  #showProblem(error) {
    console.error(error);
    const ways = this.current && !(error instanceof Refused) ? [this.#declineUnseen()] : [];
    showFailure(error.message || "Something went wrong.", ...ways);
  }
}
