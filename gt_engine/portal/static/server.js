/** Requests to the portal: what went wrong has a name, and a session that ended is renewed before the caller hears of it. */

/** The server refused for good; repeating changes nothing. */
export class Refused extends Error {
  /** @param {number} status @param {{code?: string, message?: string, remedy?: string, field?: string}} body */
  constructor(status, body) {
    super([body.message, body.remedy].filter(Boolean).join(" ") || `The server answered ${status}.`);
    this.status = status;
    this.code = body.code;
    this.field = body.field;
  }
}

/** No answer, or none that says anything: trying again may help. */
export class Unreachable extends Error {}

const PATIENCE = 20_000; // ms for one answer
const SLOWEST = 15_000; // ms between two tries

/** @type {() => Promise<void>} settled when somebody is signed in again */
let signIn = () => Promise.reject(new Unreachable("signed out"));

/** @param {() => Promise<void>} ask */
export function whenSignedOut(ask) {
  signIn = ask;
}

/**
 * @param {"GET"|"POST"|"PUT"} method @param {string} path
 * @param {unknown} [body] JSON, or text that is JSON already
 * @returns {Promise<any>} the answer's JSON; null for none
 */
export async function ask(method, path, body) {
  for (;;) {
    const answer = await once(method, path, body);
    if (answer.status === 401) {
      await signIn();
      continue;
    }
    if (answer.status === 204) return null;
    const text = await answer.text().catch(() => { throw new Unreachable("the answer broke off"); });
    const json = parse(text);
    if (answer.ok && json !== undefined) return json;
    if (answer.status >= 500 || answer.status === 429 || json === undefined) throw new Unreachable(`answer ${answer.status}`);
    throw new Refused(answer.status, json);
  }
}

/**
 * As `ask`, until there is an answer. @param {"GET"|"POST"|"PUT"} method @param {string} path @param {unknown} [body]
 * @param {(isLate: boolean) => void} [late] told when a try failed, and when one went well
 */
export async function askUntilAnswered(method, path, body, late = () => {}) {
  for (let wait = 500; ; wait = Math.min(wait * 2, SLOWEST)) {
    try {
      const answer = await ask(method, path, body);
      late(false);
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      late(true);
      await pause(wait);
    }
  }
}

/** Some time, or less where the network comes back. @param {number} milliseconds @returns {Promise<void>} */
function pause(milliseconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
  });
}

/** @param {string} method @param {string} path @param {unknown} body */
async function once(method, path, body) {
  try {
    return await fetch(path, {
      method,
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
      redirect: "error",
    });
  } catch {
    throw new Unreachable("no answer");
  }
}

/** @param {string} text @returns {any} undefined: no JSON */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
