// What can still be taken back: its seconds count down, and its button goes when they are over. The server is the judge.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  let line = null;
  let ends = 0;

  const begin = () => {
    line = document.querySelector("[data-undo]");
    ends = performance.now() + Number(line?.dataset.undo || 0) * 1000;
  };

  const tick = () => {
    const button = line?.querySelector("button");
    if (!button) return;
    const left = Math.ceil((ends - performance.now()) / 1000);
    if (left > 0) {
      button.querySelector("[data-left]").textContent = left < 120 ? `(${left} s)` : `(${Math.floor(left / 60)} min)`;
      return;
    }
    const hadFocus = document.activeElement === button;
    button.remove();
    if (hadFocus) (document.getElementById("sheet-title") || document.getElementById("main")).focus({ preventScroll: true });
  };

  setInterval(tick, 500);
  desk?.addEventListener("desk:said", begin);
  begin();
})();
