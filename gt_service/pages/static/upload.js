// Uploads images from the campaign's page, straight to S3 by a form that the service signs for a quarter of an hour.
// Whatever was uploaded before is known by its content and not sent again: the same folder, dropped again, goes on.

/**
 * @typedef {{path: string, file: File}} Chosen
 * @typedef {{key: string, status: string, reason: string | null, remedy: string | null, duplicate_of: string | null}} Image
 * @typedef {{path: string, key: string | null, image: Image | null, reason: string | null, remedy: string | null}} Placed
 * @typedef {{url: string, fields: Record<string, string>, until: number}} Form
 */

const AT_ONCE = 4;
const IN_A_REQUEST = 50;
const TRIES = 3;
const LOOK_AGAIN_MS = 2_000;
const PATIENCE_MS = 300_000;
/** What file managers leave in folders; the service passes over it too. */
const LEFT_BEHIND = /(^|\/)(\.[^/]*|thumbs\.db|desktop\.ini)$|(^|\/)__MACOSX\//i;

const section = /** @type {HTMLElement} */ (document.getElementById("upload"));
const drop = part("drop");
const state = part("upload-state");
const words = part("upload-words");
const bar = /** @type {HTMLProgressElement} */ (part("upload-bar"));
const again = /** @type {HTMLButtonElement} */ (part("upload-again"));
const refusedList = part("upload-refused");

/** @type {Chosen[]} */
const queue = [];
/** By path: two files of one name that are chosen one after another are two images. @type {Map<string, File>} */
const chosen = new Map();
/** Sent, and not looked at by the service yet. @type {Map<string, {path: string, digest: string}>} */
const sent = new Map();
/** @type {Chosen[]} */
const failed = [];
/** @type {Form | null} */
let form = null;
let isRunning = false;
/** Of this run; what is dropped while it lasts belongs to it. */
let counts = { all: 0, done: 0, uploaded: 0, there: 0, refused: 0, duplicate: 0 };

/** @param {string} id */
function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

addEventListener("beforeunload", (event) => {
  if (isRunning) event.preventDefault();
});

for (const [button, input] of [["choose-images", "images"], ["choose-folder", "folder"]]) {
  const field = /** @type {HTMLInputElement} */ (part(input));
  part(button).addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    add([...(field.files || [])].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
    field.value = "";
  });
}

if (!crypto.subtle) drop.textContent = "Uploading needs an address that begins with https.";
drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  // Entries are gone once this handler has waited for anything.
  const entries = [...(event.dataTransfer?.items || [])].map((item) => item.webkitGetAsEntry());
  for (const entry of entries) if (entry) add(await inside(entry, ""));
});
again.addEventListener("click", () => {
  counts.done -= failed.length;
  queue.push(...failed.splice(0));
  run();
});

/** The files of a folder, however deep. @param {FileSystemEntry} entry @param {string} above @returns {Promise<Chosen[]>} */
async function inside(entry, above) {
  const path = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const each of some) found.push(...await inside(each, `${path}/`));
  }
}

/** @param {Chosen[]} files */
function add(files) {
  const visible = files.filter(({ path }) => !LEFT_BEHIND.test(path));
  if (visible.length && !isRunning) begin();
  for (const { path, file } of visible) {
    let name = path;
    for (let number = 2; isAnother(chosen.get(name), file); number += 1) name = `${number}/${path}`;
    chosen.set(name, file);
    counts.all += 1;
    queue.push({ path: name, file });
  }
  if (queue.length) run();
}

function begin() {
  counts = { all: 0, done: 0, uploaded: 0, there: 0, refused: 0, duplicate: 0 };
  failed.length = 0;
  refusedList.replaceChildren();
  part("upload-refusals").hidden = true;
}

/** @param {File | undefined} before @param {File} file */
function isAnother(before, file) {
  return before !== undefined && (before.size !== file.size || before.lastModified !== file.lastModified);
}

async function run() {
  if (isRunning) return;
  isRunning = true;
  state.hidden = false;
  again.hidden = true;
  tell();
  while (queue.length) await some(queue.splice(0, IN_A_REQUEST));
  isRunning = false;
  again.hidden = !failed.length;
  tell();
  look();
}

/** Some files: looked at here, asked about together, and sent. @param {Chosen[]} files */
async function some(files) {
  /** @type {{path: string, digest: string, file: File}[]} */
  const named = [];
  await inTurn(files, async ({ path, file }) => {
    try {
      const problem = await problemOf(file);
      if (!problem) named.push({ path, file, digest: await digestOf(file) });
      else refuse(path, problem[0], problem[1]);
      counts.done += problem ? 1 : 0;
    } catch {
      refuse(path, "The browser cannot read it", "Choose it again."); // changed or gone since it was chosen
      counts.done += 1;
    }
    tell();
  });
  if (!named.length) return;
  let places;
  try {
    places = await ask(named);
  } catch (error) {
    failed.push(...named);
    counts.done += named.length;
    words.dataset.problem = error instanceof Error ? error.message : String(error);
    return;
  }
  await inTurn(places.map((place, index) => ({ place, ...named[index] })), async ({ place, path, file, digest }) => {
    if (!place.key) refuse(path, place.reason || "", place.remedy || "");
    else if (place.image) {
      counts.there += 1;
      settle(path, place.image);
    } else if (await send(place.key, file)) {
      counts.uploaded += 1;
      sent.set(path, { path, digest });
    } else failed.push({ path, file });
    counts.done += 1;
    tell();
  });
}

/** A few at once. @template T @param {T[]} items @param {(item: T) => Promise<void>} act */
async function inTurn(items, act) {
  const left = [...items];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  }));
}

/** What is wrong with a file, as far as its first bytes tell: why, and what to do. @param {File} file */
async function problemOf(file) {
  if (!file.size) return ["The file is empty", "Copy it again."];
  const limit = Number(section.dataset.mostBytes);
  if (file.size > limit) return [`An image may have at most ${Math.floor(limit / 2 ** 20)} MB`, "Save it smaller."];
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const isImage = [[0xff, 0xd8, 0xff], [0x89, 0x50, 0x4e, 0x47]].some((magic) => magic.every((byte, at) => start[at] === byte));
  return isImage ? null : ["Neither JPEG nor PNG, by its content", "Convert it to JPEG or PNG."];
}

/** @param {File} file */
async function digestOf(file) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Where the files go and what is known of them; keeps the form. @param {{path: string, digest: string}[]} files @returns {Promise<Placed[]>} */
async function ask(files) {
  const body = JSON.stringify({ files: files.map(({ path, digest }) => ({ path, digest })) });
  const headers = { "Accept": "application/json", "Content-Type": "application/json", "Gt-Service-Page": "1" };
  for (let tried = 1; ; tried += 1) {
    const answer = await fetch(section.dataset.action || "", { method: "POST", headers, body }).catch(() => null);
    if (answer?.ok) {
      const { url, fields, seconds, files: places } = await answer.json();
      form = { url, fields, until: Date.now() + seconds * 900 };
      return places;
    }
    const isFinal = answer && answer.status !== 429 && answer.status < 500;
    if (isFinal || tried >= TRIES) {
      const given = answer ? await answer.json().catch(() => ({})) : {};
      throw new Error([given.message || "The service cannot be reached.", given.remedy].filter(Boolean).join(" "));
    }
    await pause(1000 * tried);
  }
}

/** Whether S3 has taken the file. @param {string} key @param {File} file */
async function send(key, file) {
  for (let tried = 1; tried <= TRIES; tried += 1) {
    try {
      if (!form || Date.now() > form.until) await ask([]);
      const body = new FormData();
      for (const [name, value] of Object.entries({ .../** @type {Form} */ (form).fields, key })) body.append(name, value);
      body.append("file", file);
      const answer = await fetch(/** @type {Form} */ (form).url, { method: "POST", body });
      if (answer.ok) return true;
      if (answer.status === 403) form = null; // it has expired by S3's clock
    } catch {
      // no network for a moment
    }
    if (tried < TRIES) await pause(1000 * tried);
  }
  return false;
}

/** Follows the service as it looks at what was sent, a few files at a time, and tells what it refused. */
async function look() {
  let wait = LOOK_AGAIN_MS;
  for (let last = Date.now(); sent.size && !isRunning && Date.now() - last < PATIENCE_MS;) {
    await pause(wait);
    const some = [...sent.values()].slice(0, IN_A_REQUEST);
    for (const each of some) { // those that are not known yet come up again behind the others
      sent.delete(each.path);
      sent.set(each.path, each);
    }
    const known = (await ask(some).catch(() => [])).filter(({ image }) => image);
    for (const { path, image } of known) settle(path, /** @type {Image} */ (image));
    if (known.length) last = Date.now();
    wait = known.length === some.length ? 0 : LOOK_AGAIN_MS;
    tell();
  }
}

/** @param {string} path @param {Image} image */
function settle(path, image) {
  sent.delete(path);
  if (image.status === "rejected") refuse(path, image.reason || "", image.remedy || "");
  if (image.status === "duplicate") counts.duplicate += 1;
}

/** @param {string} path @param {string} reason @param {string} remedy */
function refuse(path, reason, remedy) {
  counts.refused += 1;
  const line = document.createElement("li");
  const name = document.createElement("span");
  name.className = "key";
  name.textContent = path;
  line.append(name, ` ${reason.replace(/[.]?$/, ".")} ${remedy}`);
  refusedList.append(line);
  part("upload-refusals").hidden = false;
}

function tell() {
  const { all, done, uploaded, there, refused, duplicate } = counts;
  bar.max = all;
  bar.value = done;
  const told = [
    `${uploaded.toLocaleString("en-US")} of ${all.toLocaleString("en-US")} uploaded`,
    there && `${there.toLocaleString("en-US")} there already`,
    duplicate && `${duplicate.toLocaleString("en-US")} with the content of another, labeled once`,
    refused && `${refused.toLocaleString("en-US")} refused`,
    failed.length && `${failed.length.toLocaleString("en-US")} could not be sent`,
    sent.size && `${sent.size.toLocaleString("en-US")} to be checked by the service`,
  ];
  const problem = failed.length ? ` ${words.dataset.problem || ""}` : "";
  words.textContent = `${told.filter(Boolean).join(", ")}.${problem}`;
}
