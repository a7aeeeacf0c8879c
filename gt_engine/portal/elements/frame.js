/**
 * The task frame's side of its protocol with the portal's page around it: one MessagePort, JSON values only.
 *
 * frame → page: connected · ready {elements, canSubmit} · image-failed {src} · draft {value} · valid {canSubmit, message?} ·
 *               submit {answer} · settings {value} · activity · key {key, ctrl, alt, shift, meta} · error {message}
 * page → frame: start {draft?, theme, last?, settings?} · submit · saved · instructions ·
 *               shortcuts {more: [{keys, does}]}
 *
 * Without a page around it (a rendered template opened by itself) everything works but nothing is sent; the answer is
 * shown in place of the task.
 */

import { CrowdElement, FullPageElement, h, isTyping } from "./base.js";
import { applyDraft, takeDraft } from "./draft.js";
import { primaryForm } from "./form.js";

const DRAFT_DELAY = 400; // ms after the last change
const ACTIVITY_PERIOD = 1000; // ms
const READY_LIMIT = 20_000; // ms: after that the page is shown whatever is still loading

/** @type {MessagePort|null} */
let port = null;
let isReady = false;
let isStarted = false;
let draftTimer = 0;
let lastActivity = 0;
let lastValid = "";
/** What the worker set in this job's pages: kept by the page around. */
let settings = {};

/** @type {object[]} what went wrong before the page around was connected */
const waiting = [];
const MAX_WAITING = 50;

/** @param {string} type @param {object} fields */
function send(type, fields = {}) {
  port?.postMessage({ type, ...fields });
}

function report(type, fields) {
  if (port) send(type, fields);
  else if (waiting.length < MAX_WAITING) waiting.push({ type, ...fields });
}

/** Whether Submit would go through, and why not. */
function validity() {
  const invalid = primaryForm()?.firstInvalid();
  return invalid ? { canSubmit: false, message: invalid.message } : { canSubmit: true };
}

function sendValidity() {
  const now = validity();
  const text = JSON.stringify(now);
  if (!isStarted || text === lastValid) return;
  lastValid = text;
  send("valid", now);
}

/** Why Submit did not go through; the next change sends the state again. @param {{canSubmit: boolean, message: string}} verdict */
function sendRefusal(verdict) {
  lastValid = "";
  send("valid", verdict);
}

function sendDraft() {
  clearTimeout(draftTimer);
  draftTimer = 0;
  if (isStarted) send("draft", { value: takeDraft(document) });
}

function planDraft() {
  if (!isStarted) return;
  clearTimeout(draftTimer);
  draftTimer = setTimeout(sendDraft, DRAFT_DELAY);
}

function onChange() {
  planDraft();
  queueMicrotask(sendValidity); // after the listeners of the template
}

function onActivity() {
  if (!isStarted || Date.now() - lastActivity < ACTIVITY_PERIOD) return;
  lastActivity = Date.now();
  send("activity");
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const isSubmit = event.key === "Enter" && (event.ctrlKey || event.metaKey || (!isTyping(event) && !isPressable(event) && hasTool()));
  if (isSubmit) {
    event.preventDefault();
    primaryForm()?.requestSubmit();
  } else if (!isTyping(event) || event.ctrlKey || event.metaKey || event.key === "Escape") {
    send("key", { key: event.key, ctrl: event.ctrlKey, alt: event.altKey, shift: event.shiftKey, meta: event.metaKey });
  }
}

const tools = () => [...document.querySelectorAll("*")].filter((element) => element instanceof FullPageElement);
const hasTool = () => tools().length > 0;

/** Enter on a button or link presses it. */
function isPressable(event) {
  const target = event.composedPath()[0];
  return target instanceof Element && target.matches("button, a[href], summary, [role=button]");
}

const focusTool = () => tools()[0]?.focus({ preventScroll: true });

/** WebKit gives a frame's part the focus only when the worker has done something in the frame. */
function onFirstKey() {
  if (isStarted && document.activeElement === document.body) focusTool();
}

/** Opens the dialog of the first element that has one; an element that has not says so with false. */
function open(method, ...values) {
  [...document.querySelectorAll("*")].find((element) => element instanceof CrowdElement && method in element && element[method](...values) !== false);
}

const receivers = {
  async start({ draft, theme, last, settings: kept }) {
    setTheme(theme);
    await ready;
    settings = kept ?? {};
    for (const tool of tools()) tool.applySettings(settings);
    for (const element of document.querySelectorAll("*")) {
      if (last && "last" in element && Object.hasOwn(last, element.name)) element.last = last[element.name];
    }
    if (draft !== undefined && draft !== null) applyDraft(document, draft);
    isStarted = true;
    sendValidity();
    focusTool();
  },
  submit() {
    primaryForm()?.requestSubmit();
  },
  saved() {
    document.dispatchEvent(new CustomEvent("crowd-saved"));
  },
  instructions: () => open("openInstructions"),
  shortcuts: ({ more }) => open("openShortcuts", more),
};

function connect(event) {
  if (port || event.source !== window.parent || window.parent === window || event.data?.type !== "connect" || !event.ports[0]) return;
  port = event.ports[0];
  document.documentElement.style.setProperty("--crowd-standalone", "none"); // Submit is the page's
  port.onmessage = ({ data }) => {
    if (Object.hasOwn(receivers, data?.type)) receivers[data.type](data);
  };
  send("connected");
  for (const message of waiting.splice(0)) port.postMessage(message);
  if (isReady) sendReady();
}

function sendReady() {
  const tags = new Set([...document.querySelectorAll("*")].map((element) => element.localName).filter((tag) => tag.startsWith("crowd-")));
  send("ready", { elements: [...tags], ...validity() });
}

/**
 * A template that paints with its own colours is shown light: white words on its white boxes help nobody. Our own sheet,
 * which WebKit lists too, comes from no element of the page.
 */
function setTheme(theme) {
  const own = [...document.styleSheets].some((sheet) => sheet.ownerNode && /(^|[\s;{])(background|color|background-color)\s*:/.test(rulesOf(sheet)))
    || document.querySelector("body [style*='background'], body [style*='color:'], [bgcolor], [color]");
  const knows = document.querySelector("meta[name='color-scheme'][content*='dark']");
  document.documentElement.dataset.theme = theme === "dark" && (!own || knows) ? "dark" : "light";
}

function rulesOf(sheet) {
  try {
    return [...sheet.cssRules].map((rule) => rule.cssText).join("\n");
  } catch {
    return ""; // another host's
  }
}

function onSubmit({ detail: { answer } }) {
  if (draftTimer) sendDraft(); // should the submission fail, the last stroke is there
  if (port) return send("submit", { answer });
  document.body.replaceChildren(h("main", { class: "crowd-answer" }, h("h1", {}, "The answer of this page"),
    h("pre", { tabindex: "0" }, JSON.stringify(answer, null, 2))));
}

let settleReady;
/** @type {Promise<void>} all elements upgraded, first pictures drawn or failed */
const ready = new Promise((resolve) => { settleReady = resolve; });

/** Called once, by the entry module, when all elements are defined: tells scripts and the page around. */
export async function announce() {
  if (document.readyState === "loading") await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  document.title ||= tools()[0]?.header || "Task";
  document.dispatchEvent(new CustomEvent("all-crowd-elements-ready", { bubbles: true }));
  const elements = [...document.querySelectorAll("*")].filter((element) => element instanceof CrowdElement);
  const limit = new Promise((resolve) => { setTimeout(resolve, READY_LIMIT); });
  await Promise.race([Promise.allSettled(elements.map((element) => element.loaded)), limit]);
  isReady = true;
  settleReady();
  sendReady();
}

window.addEventListener("message", connect);
window.addEventListener("error", (event) => report("error", { message: event.message || "The page has an error." }));
for (const message of window.crowdErrors ?? []) report("error", { message }); // of scripts that ran before this one
window.crowdErrors = null;
document.addEventListener("securitypolicyviolation", ({ blockedURI }) => report("error", { message: `not loaded: ${blockedURI}` }));
window.addEventListener("unhandledrejection", (event) => report("error", { message: String(event.reason?.message ?? event.reason) }));
for (const type of ["input", "change"]) document.addEventListener(type, onChange);
for (const type of ["pointerdown", "pointermove", "keydown", "wheel", "input"]) {
  document.addEventListener(type, onActivity, { passive: true, capture: true });
}
document.addEventListener("click", () => queueMicrotask(sendValidity)); // a script's button may have changed the page
window.addEventListener("keydown", onFirstKey, { once: true, capture: true });
window.addEventListener("keydown", onKey);
window.addEventListener("pagehide", () => draftTimer && sendDraft());
document.addEventListener("crowd-submit", onSubmit);
document.addEventListener("crowd-settings", (event) => {
  settings = { ...settings, ...event.detail };
  send("settings", { value: settings });
});
document.addEventListener("crowd-refused", (event) => sendRefusal({ canSubmit: false, message: event.detail.message }));
document.addEventListener("crowd-stopped", () => sendRefusal({ canSubmit: true, message: "Not submitted: the task itself asks for something first." }));
document.addEventListener("crowd-image-failed", (event) => report("image-failed", { src: event.detail.src }));
setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
