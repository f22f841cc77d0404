// What this browser keeps for a person until the server has it: drafts and decisions, each with the page it belongs to.
// It outlives reloads, sign-outs and closed tabs, and goes when the server has said that it is saved.
"use strict";
window.kept = (() => {
  const person = document.getElementById("desk").dataset.person;
  const BEAT_EVERY_MS = 5_000;
  const DEAD_AFTER_MS = 90_000; // a page out of sight may beat once a minute only
  const memory = new Map(); // where the browser keeps nothing, the page does, for as long as it is open
  // Not randomUUID: that is missing where the site is served without TLS.
  const page = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const write = (key, value) => {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      memory.delete(key);
    } catch {
      memory.set(key, value);
    }
  };

  const read = (key) => {
    if (memory.has(key)) return memory.get(key);
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  };

  const drop = (key) => {
    memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      // It was never there.
    }
  };

  const all = (prefix) => {
    let found = [];
    try {
      found = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    } catch {
      // Only what the page itself keeps.
    }
    return [...new Set([...found, ...[...memory.keys()].filter((key) => key.startsWith(prefix))])].sort();
  };

  // ---- which pages live: what a dead one left behind is taken over
  const pages = `desk:page:${person}:`;
  const beat = () => write(pages + page, Date.now());
  const leave = () => drop(pages + page);
  const isOrphan = (other) => {
    if (other === page) return false;
    const last = read(pages + other);
    return last === null || Math.abs(Date.now() - last) > DEAD_AFTER_MS;
  };
  for (const key of all(pages)) if (isOrphan(key.slice(pages.length))) drop(key);
  beat();
  setInterval(beat, BEAT_EVERY_MS);

  // ---- drafts: what is typed for a look, by its id
  const drafts = `desk:draft:${person}:`;
  const keepDraft = (review, draft) => write(drafts + review, { ...draft, page });
  const draft = (review) => read(drafts + review);
  const dropDraft = (review) => drop(drafts + review);
  const orphans = () =>
    all(drafts).map((key) => ({ ...read(key), review: key.slice(drafts.length) })).filter((one) => isOrphan(one.page));

  // ---- decisions that are on their way, in the order in which they were made
  const out = `desk:out:${person}:`;
  let number = 0;
  const keepEntry = (entry) => {
    entry.key ||= `${out}${String(Date.now()).padStart(15, "0")}-${String((number += 1)).padStart(5, "0")}`;
    const { node, ...stored } = entry;
    write(entry.key, { ...stored, page });
  };
  const entries = () => all(out).map((key) => ({ ...read(key), key }));
  const isSafe = () => memory.size === 0;

  return {
    person, page, beat, leave, isOrphan, isSafe, keepDraft, draft, dropDraft, orphans,
    keepEntry, entries, dropEntry: (entry) => drop(entry.key),
  };
})();
