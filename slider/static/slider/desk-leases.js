// For how long the looks of this page are held: while it is in sight and somebody is there, and no longer than it lives.
// By a clock that nobody can set: the page's own.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const { kept, outbox, sight, ahead } = window;
  const COUNTDOWN_BELOW_MS = 30_000;
  const presenceMs = Number(desk.dataset.presence) * 1000;
  let active = performance.now();

  // ---- whether somebody is there, and what is left of the time
  const stir = () => {
    const wasAway = performance.now() - active > presenceMs;
    active = performance.now();
    if (wasAway && ahead.looks().length) ahead.refill();
  };
  for (const what of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "scroll"]) {
    addEventListener(what, stir, { capture: true, passive: true });
  }

  const tick = () => {
    const isThere = !document.hidden && performance.now() - active < presenceMs;
    const isDue = !ahead.asking && performance.now() - ahead.asked > ahead.leaseMs / 3;
    if (isThere && isDue && ahead.looks().length) ahead.refill();
    const { here } = sight;
    const tag = document.getElementById("lease");
    if (!tag || !here.review || here.ends === undefined) return;
    const left = Math.ceil((here.ends - performance.now()) / 1000);
    tag.hidden = left * 1000 > COUNTDOWN_BELOW_MS && !here.isGone;
    if (here.isGone) tag.textContent = "somebody else has it now; what you say is kept beside theirs";
    else if (left > 0) tag.textContent = `yours for ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    else tag.textContent = "your time is over; it counts until somebody takes it";
  };
  setInterval(tick, 1000);
  desk.addEventListener("desk:held", tick);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    active = performance.now();
    if (ahead.looks().length) ahead.refill();
  });

  // ---- the page closes, or comes back from where the browser kept it
  addEventListener("pagehide", () => {
    // All goes that this page was given, but for what is typed or decided and kept.
    const typed = [...ahead.looks().filter((one) => kept.draft(one.review)), ...kept.orphans()];
    const sent = outbox.kept();
    outbox.leave(desk.dataset.release, [
      ...typed.map((one) => ["typed", ahead.grip(one)]), ...sent.map((grip) => ["sent", grip]),
    ]);
    kept.leave();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    kept.beat();
    ahead.refill();
  });
})();
