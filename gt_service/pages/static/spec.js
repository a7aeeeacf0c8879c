// Writes a campaign's spec: fields and file are sent to be previewed, and what was previewed is what is saved. Nothing
// typed is lost: the page is left only when the server has the spec.

/**
 * @typedef {{code?: string, message: string, remedy?: string, field?: string, errors?: Problem[]}} Problem
 * @typedef {{what: string, problem: string | null, reserved_mills: number | null}} Step
 * @typedef {{facts: {name: string, value: string, note: string}[], assumptions: string[]}} Estimate
 * @typedef {{text: string, fields: Record<string, string>, changes: {field: string, before: string, after: string}[], consequences: string[],
 *   plan: {steps: Step[], reason: string | null, remedy: string | null, warnings: string[]}, estimate: Estimate}} Preview
 */

const STEPS_SHOWN = 12;
const form = /** @type {HTMLFormElement} */ (document.getElementById("spec"));
const file = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const objects = /** @type {HTMLInputElement} */ (document.getElementById("objects"));
const errors = /** @type {HTMLElement} */ (document.getElementById("errors"));
const shown = /** @type {HTMLElement} */ (document.getElementById("shown"));
const foreseen = /** @type {HTMLElement} */ (document.getElementById("foreseen"));
const refused = /** @type {HTMLElement} */ (document.getElementById("refused"));
const previewButton = /** @type {HTMLButtonElement} */ (document.getElementById("preview"));
const saveButton = /** @type {HTMLButtonElement} */ (document.getElementById("save"));
const fields = /** @type {(HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement)[]} */ (
  [...form.querySelectorAll("[name]")].filter((each) => each !== file)
);
/** What each field shows of the file, so that only what was typed since is sent. @type {Record<string, string>} */
let inFile = Object.fromEntries(fields.map((field) => [field.name, field.value]));
let previewed = "";
let isChanged = false;

addEventListener("beforeunload", (event) => {
  if (isChanged) event.preventDefault();
});

/** The campaign's address; of a new one as its name was typed. */
function address() {
  const name = form.dataset.name || /** @type {HTMLInputElement} */ (form.elements.namedItem("name")).value.trim();
  return `${form.dataset.root}campaigns/${encodeURIComponent(name)}`;
}

/** @param {string} method @param {string} url @param {string} type @param {string} body */
async function send(method, url, type, body) {
  const unchanged = form.dataset.tag ? { "If-Match": form.dataset.tag } : { "If-None-Match": "*" };
  const answer = await fetch(url, {
    method,
    headers: { "Accept": "application/json", "Content-Type": type, "Gt-Service-Page": "1", ...unchanged },
    body,
  });
  const given = await answer.json().catch(() => ({ message: `The server answered ${answer.status}.` }));
  return { isGood: answer.ok, given };
}

/** @param {string} name @param {Record<string, string>} attributes @param {(Node | string)[]} children */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** @param {Problem} problem */
function sentence({ message, remedy }) {
  const whole = [message.replace(/[.]?$/, "."), remedy].filter(Boolean).join(" ");
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

/** Each error beside its field, and those of fields that only the file has above the button. @param {Problem[]} problems */
function tell(problems) {
  /** @type {Record<string, string>} */
  const beside = {};
  const rest = [];
  for (const problem of problems) {
    const path = problem.field || "";
    const field = fields.find((each) => path === each.name || path.startsWith(`${each.name}.`));
    if (field) beside[field.name] = [beside[field.name], sentence(problem)].filter(Boolean).join(" ");
    else rest.push(element("li", {}, ...(path ? [element("code", {}, path), " "] : []), sentence(problem)));
  }
  for (const field of fields) {
    const place = /** @type {HTMLElement} */ (document.getElementById(`error-${field.id}`));
    place.textContent = beside[field.name] || "";
    place.hidden = !beside[field.name];
    if (beside[field.name]) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
  errors.replaceChildren(...(rest.length ? [element("ul", {}, ...rest)] : []));
  errors.hidden = !rest.length;
  if (rest.length) /** @type {HTMLDetailsElement} */ (file.closest("details")).open = true;
  const first = fields.find((field) => beside[field.name]);
  if (first) first.focus();
  else if (rest.length) errors.focus();
}

/** @param {HTMLButtonElement} button @param {() => Promise<void>} act @param {(text: string) => void} fail */
async function busy(button, act, fail) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    await act();
  } catch {
    fail("The server cannot be reached. What you typed is still here; try again.");
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

form.addEventListener("input", () => {
  isChanged = true;
  shown.hidden = true;
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(previewButton, preview, (message) => tell([{ message }]));
});

async function preview() {
  shown.hidden = true;
  const typed = fields.filter((field) => field.name !== "name" && field.value !== inFile[field.name]);
  const draft = {
    text: file.value,
    fields: Object.fromEntries(typed.map((field) => [field.name, field.value])),
    ...(objects.value ? { objects: Number(objects.value) } : {}),
  };
  const { isGood, given } = await send("POST", `${address()}/spec`, "application/json", JSON.stringify(draft));
  tell(isGood ? [] : given.errors || [given]);
  if (!isGood) return;
  file.value = previewed = given.text;
  for (const field of fields) if (field.name in given.fields) field.value = given.fields[field.name];
  inFile = Object.fromEntries(fields.map((field) => [field.name, field.value]));
  draw(given);
  refused.hidden = true;
  shown.hidden = false;
  shown.focus();
}

saveButton.addEventListener("click", () => busy(saveButton, save, refuse));

async function save() {
  refused.hidden = true;
  const { isGood, given } = await send("PUT", address(), "application/yaml", previewed);
  if (!isGood) {
    refuse(sentence(given));
    return;
  }
  isChanged = false;
  location.assign(address());
}

/** @param {string} text */
function refuse(text) {
  refused.textContent = text;
  refused.hidden = false;
}

/** @param {number} usd */
function dollars(usd) {
  return usd.toLocaleString("en-US", { style: "currency", currency: "USD", minimumFractionDigits: usd && usd < 1 ? 3 : 2 });
}

/** What the spec will do and cost. @param {Preview} given */
function draw({ changes, consequences, plan, estimate }) {
  const steps = plan.steps.map(({ what, problem, reserved_mills: mills }) =>
    what + (mills === null ? "" : `: ${dollars(mills / 1000)} set aside`) + (problem ? ` – ${problem}` : ""));
  const more = steps.length - STEPS_SHOWN;
  const isNew = !form.dataset.name;
  foreseen.replaceChildren(
    ...list("Changes", isNew ? [] : changes.map(({ field, before, after }) =>
      [element("code", {}, field), before ? ` ${before} → ${after || "left out"}` : ` ${after}`])),
    ...list("What it means", [...consequences, ...plan.warnings]),
    ...list(isNew ? "First steps" : "At once", more > 0 ? [...steps.slice(0, STEPS_SHOWN), `and ${more} more`] : steps),
    ...(plan.reason ? [element("p", { class: "next waits" }, `The campaign will wait: ${sentence({ message: plan.reason, remedy: plan.remedy || "" })}`)] : []),
    element("h3", {}, "Cost"),
    element("dl", { class: "facts" }, ...estimate.facts.map(({ name, value, note }) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value, element("small", {}, note))))),
    element("details", {}, element("summary", {}, "What this rests on"),
      element("ul", {}, ...estimate.assumptions.map((line) => element("li", {}, line)))),
  );
}

/** @param {string} title @param {(string | (Node | string)[])[]} lines */
function list(title, lines) {
  if (!lines.length) return [];
  return [element("h3", {}, title), element("ul", {}, ...lines.map((line) => element("li", {}, ...[line].flat())))];
}
