// Texts of the desk by their stored characters: the database counts code points, and the page shows some as more or fewer.
"use strict";
(() => {
  const stands = (node) => (node.nodeType === Node.ELEMENT_NODE && node.dataset.n ? Number(node.dataset.n) : null);

  const characters = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return [...node.data];
    const count = stands(node);
    return count === null ? [...node.childNodes].flatMap(characters) : Array(count).fill("\ufffd");
  };

  const offsetOf = (holder, node, offset, isEnd) => {
    const range = document.createRange();
    range.setStart(holder, 0);
    range.setEnd(node, offset);
    const inside = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-n]");
    return characters(range.cloneContents()).length - (inside && !isEnd ? Number(inside.dataset.n) : 0);
  };

  const rangeOf = (holder, start, end) => {
    const range = document.createRange();
    let at = 0;
    const visit = (node) => {
      const size = characters(node).length;
      if (node.nodeType === Node.TEXT_NODE) {
        const units = (count) => [...node.data].slice(0, count).join("").length;
        if (start >= at && start < at + size) range.setStart(node, units(start - at));
        if (end > at && end <= at + size) range.setEnd(node, units(end - at));
        at += size;
      } else if (stands(node) !== null) {
        if (start >= at && start < at + size) range.setStartBefore(node);
        if (end > at && end <= at + size) range.setEndAfter(node);
        at += size;
      } else {
        node.childNodes.forEach(visit);
      }
    };
    visit(holder);
    return range;
  };

  window.stored = { characters, offsetOf, rangeOf };
})();
