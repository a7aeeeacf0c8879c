// Corrects an image's label on its page: boxes in <box-editor> (box-editor.js), classes by choosing them. Nothing is kept
// before "Save"; the server refuses what was drawn over an older label.

/**
 * @typedef {{image: string, source: string, replaces: string, size: [number, number] | null, boxes: Array<Array<any>> | null,
 *   classes: string[] | null, several: boolean, labels: string[]}} Label what the page knows
 */

const section = /** @type {HTMLElement} */ (document.getElementById("correct"));
const given = /** @type {Label} */ (JSON.parse(section.dataset.label || "{}"));

/** @param {string} name @param {Record<string, any>} attributes @param {Array<Node | string>} children */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, String(value));
  }
  made.append(...children);
  return made;
}

let isChanged = false;
addEventListener("beforeunload", (event) => {
  if (isChanged) event.preventDefault();
});

const refusal = element("p", { class: "refusal", role: "alert", hidden: true });
const why = /** @type {HTMLInputElement} */ (element("input", { name: "why", maxlength: 500, autocomplete: "off" }));
const key = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
let tries = 0;

/** Sends a label; null takes the image's label out. @param {any} label @param {HTMLButtonElement} button */
async function save(label, button) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  refusal.hidden = true;
  try {
    const answer = await fetch(section.dataset.action || "", {
      method: "POST",
      headers: {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Gt-Service-Page": "1",
        // A second click is the same request; another label after a refusal is another one.
        "Idempotency-Key": `${key}-${tries}`,
      },
      body: JSON.stringify({ image: given.image, source: given.source, replaces: given.replaces, label, why: why.value }),
    });
    if (answer.ok) {
      isChanged = false;
      location.reload();
      return;
    }
    tries += 1;
    const body = await answer.json().catch(() => ({}));
    refuse([body.message || `The server answered ${answer.status}.`, body.remedy].filter(Boolean).join(" "));
  } catch {
    refuse("The server cannot be reached. Your changes are still here; try again.");
  }
  button.removeAttribute("aria-busy");
  button.disabled = false;
}

/** @param {string} text */
function refuse(text) {
  refusal.textContent = text;
  refusal.hidden = false;
}

/** The fields and buttons that both kinds of labels have. @param {() => any} label @param {HTMLElement[]} fields */
function form(label, ...fields) {
  const submit = element("button", { type: "submit" }, "Save");
  const remove = element("button", { type: "button", class: "outline danger", onclick: takeOut }, "Take the label out");
  const cancel = element("button", { type: "button", class: "secondary outline", onclick: reset }, "Cancel");
  function takeOut() {
    if (confirm("Take this image's label out? It is then in no export.")) save(null, /** @type {any} */ (remove));
  }
  function reset() {
    isChanged = false;
    location.reload();
  }
  const whole = element(
    "form",
    {
      class: "correcting",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        save(label(), /** @type {any} */ (submit));
      },
    },
    ...fields,
    element("label", { class: "why" }, "Why (for the history) ", why),
    refusal,
    element("div", { class: "actions" }, submit, cancel, remove),
  );
  return whole;
}

/** @returns {HTMLElement} */
function classesForm() {
  const chosen = new Set(given.classes);
  const kind = given.several ? "checkbox" : "radio";
  const fields = given.labels.map((name) =>
    element("label", {}, element("input", {
      type: kind, name: "class", value: name, checked: chosen.has(name), onchange: () => { isChanged = true; },
    }), ` ${name}`));
  const set = element("fieldset", {}, element("legend", {}, given.several ? "Classes" : "Class"), ...fields);
  const label = () => ({
    classes: [.../** @type {NodeListOf<HTMLInputElement>} */ (set.querySelectorAll("input:checked"))].map((one) => one.value),
  });
  return form(label, set);
}

/** @returns {HTMLElement} */
function boxesForm() {
  const editor = /** @type {import("./box-editor.js").BoxEditor} */ (document.createElement("box-editor"));
  editor.open(given, /** @type {SVGSVGElement} */ (document.querySelector("#picture svg")));
  editor.addEventListener("edit", () => { isChanged = true; });
  return form(() => ({ boxes: editor.boxes }), editor);
}

const begin = element("button", { type: "button", class: "outline", onclick: () => {
  const made = given.boxes === null ? classesForm() : boxesForm();
  begin.replaceWith(made);
  /** @type {HTMLElement | null} */ (made.querySelector("select, input"))?.focus();
} }, "Correct this label");
section.append(begin);
