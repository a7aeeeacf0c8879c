/** One tab works on a job: two would write over each other's drafts. Browsers have no locks on plain HTTP; then all may. */

import { showCard, toJobs } from "./card.js";

const LOCK_PATIENCE = 2000; // ms: a page that is loaded again waits a moment for itself to be gone

/**
 * Holds a job until the tab is closed.
 * @param {{worker: string, job: string}} place @param {() => void} begin called once the tab has the job
 * @param {{isTaking?: boolean}} [how] whether it is taken from the tab that has it. Errors: another tab has it, or took it
 */
export async function hold({ worker, job }, begin, { isTaking = false } = {}) {
  if (!navigator.locks) {
    begin();
    return;
  }
  const way = isTaking ? { steal: true } : { signal: AbortSignal.timeout(LOCK_PATIENCE) };
  await navigator.locks.request(`gt-portal:${worker}:${job}`, way, () => {
    begin();
    return new Promise(() => {}); // until the tab is closed
  });
}

/**
 * As `hold`, and says where the job is open in another tab.
 * @param {{worker: string, job: string}} place @param {() => void} begin
 * @param {() => void} leave called where another tab took the job: nothing may be written from here on
 * @param {{isTaking?: boolean}} [how]
 */
export async function whenAlone(place, begin, leave, how) {
  let isHeld = false;
  try {
    await hold(place, () => {
      isHeld = true;
      begin();
    }, how);
  } catch {
    if (isHeld) {
      leave();
      showCard("This job is open in another tab", "It was opened there, and goes on there.",
        [{ label: "Work here", act: () => location.reload() }, toJobs]);
    } else {
      showCard("This job is open in another tab", "Go on there, or here: then the other tab stops.",
        [{ label: "Work here", act: () => whenAlone(place, begin, leave, { isTaking: true }) }, toJobs]);
    }
  }
}
