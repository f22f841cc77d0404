// The keys of the desk. What each does and which one this person gave it comes with the page, from one table.
// `window.keys` says what a press means; what lies on the desk is found by the names in `data-key`.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const dialog = document.getElementById("keys");
  const { off, deeds } = JSON.parse(desk.dataset.keys);
  const find = (selector) => desk.querySelector(selector);
  const all = (selector) => [...desk.querySelectorAll(selector)];

  // A Latin letter counts as typed; on other layouts the key's place on the keyboard counts.
  const letter = (event) =>
    /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.startsWith("Key") ? event.code[3].toLowerCase() : "";

  const isFree = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing && !event.getModifierState("AltGraph");
  const deed = (event) => (off || !isFree(event) ? "" : deeds[letter(event)] || "");
  const digit = (event) => (off || !isFree(event) || event.shiftKey && !/\d/.test(event.key) ? "" : /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1] || "");
  const isHelp = (event) => !off && isFree(event) && (event.key === "?" || event.key === "؟");
  const inField = (target) => Boolean(target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));

  const press = (selector) => {
    const target = find(selector);
    if (target) target.click();
    return Boolean(target);
  };

  // Differences or whole texts, whichever most of them are not.
  const toggleDiffs = () => {
    const folds = all(".compare");
    const open = !folds.some((fold) => fold.open);
    for (const fold of folds) fold.open = open;
    if (folds.length) window.say(open ? "Differences" : "Whole texts");
    return folds.length > 0;
  };

  // ---- arrows: from field to field, to what came in and back
  const walk = (event) => {
    const within = document.activeElement;
    const source = find(".source");
    if (event.key === "ArrowLeft" && source) return source.focus() ?? true;
    if (event.key === "ArrowRight" && find(".proposal")) return find(".proposal").focus() ?? true;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const lines = all(".proposal .line");
    if (!by || !lines.length || within === source) return false; // there an arrow scrolls
    const at = lines.findIndex((line) => line === within || line.contains(within));
    const next = lines[at < 0 ? (by > 0 ? 0 : lines.length - 1) : Math.min(Math.max(at + by, 0), lines.length - 1)];
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return true;
  };

  const decide = (event, { isOpen }) => {
    const number = digit(event);
    if (isOpen("rejecting")) return number > 0 && press(`[data-reason="${number}"]`);
    if (number > 0) return press(`.reading [data-key="${number}"]`);
    const name = deed(event);
    if (name === "d") return toggleDiffs();
    return Boolean(name) && name !== "l" && press(`[data-key="${name}"]`);
  };

  // `page` says what stands open and opens it, which form is typed in, and whether keys rest.
  const listen = (page) => {
    document.addEventListener("keydown", (event) => {
      if (dialog.open || event.isComposing) return;
      const form = page.typing();
      if (form) {
        if (event.repeat) return;
        if (event.key === "Escape") page.open("reading");
        else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          form.requestSubmit();
        }
        return;
      }
      if (inField(event.target) || !isFree(event)) return;
      if (event.key.startsWith("Arrow") && !event.shiftKey && !off && event.target.type !== "radio") {
        if (!page.isResting() && walk(event)) event.preventDefault();
        return;
      }
      if (event.repeat || page.isResting()) return;
      if (isHelp(event)) dialog.showModal();
      else if (!find(".sheet")) {
        if (!deed(event) || !press(`[data-key="${deed(event)}"]`)) return;
      } else if (event.key === "Escape") page.open("reading");
      else if (!decide(event, page)) return;
      event.preventDefault();
    });
  };

  window.keys = { deed, digit, isFree, inField, listen };
})();
