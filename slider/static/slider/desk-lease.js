// The lease of the item on the desk: renewed while the page is in sight, counted down when it runs short.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const RENEW_EVERY_S = 60;
  const COUNTDOWN_BELOW_S = 120;
  let leaseEnds = 0;
  let renewed = 0;

  const begin = () => {
    const left = Number(desk.querySelector(".sheet")?.dataset.lease || 0);
    leaseEnds = performance.now() + left * 1000;
    renewed = performance.now();
  };

  const renew = async () => {
    const item = desk.querySelector(".sheet");
    if (!item || document.hidden) return;
    renewed = performance.now();
    try {
      const response = await fetch(item.dataset.stay, { method: "POST", body: new FormData(item.querySelector("[data-decide]")) });
      if (response.status === 204) leaseEnds = performance.now() + Number(response.headers.get("X-Lease-Seconds")) * 1000;
      else if (response.status === 409) leaseEnds = performance.now();
    } catch {
      // The countdown goes on, and the next minute tries again.
    }
  };

  const tick = () => {
    const tag = document.getElementById("lease");
    if (!tag) return;
    if (performance.now() - renewed > RENEW_EVERY_S * 1000) renew();
    const left = Math.ceil((leaseEnds - performance.now()) / 1000);
    tag.hidden = left > COUNTDOWN_BELOW_S;
    tag.textContent = left > 0
      ? `yours for ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`
      : "your time is over; it counts until somebody takes it";
  };

  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
  desk.addEventListener("desk:arrived", begin);
  begin();
})();
