/** The parts of a page by their ids. */

/** @typedef {{label: string, act: () => void}} Button */

/** @param {string} id @returns {any} the element: which one it is, the page's HTML says */
export const part = (id) => document.getElementById(id);
