// The board comes anew every ten seconds, but never under somebody's hands: not while it holds the focus or a selection,
// and not in a tab that nobody sees.
"use strict";

document.addEventListener("htmx:beforeRequest", (event) => {
  const board = event.target.closest("[data-calm]");
  if (!board) return;
  const selection = document.getSelection();
  const isSelected = selection && !selection.isCollapsed && board.contains(selection.anchorNode);
  if (document.hidden || isSelected || board.contains(document.activeElement)) event.preventDefault();
});

// Who was signed out meanwhile gets the door instead: that is no board.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "board" && !event.detail.xhr.responseText.includes('id="board"')) {
    event.detail.shouldSwap = false;
  }
});

document.addEventListener("visibilitychange", () => {
  const board = document.querySelector("[data-calm]");
  if (board && !document.hidden) window.htmx.ajax("GET", board.getAttribute("hx-get"), { target: board, swap: "outerHTML" });
});
