// The slider page: redo the sums in each frame while one drags; the server's own follow when the hand rests.
"use strict";

(() => {
  const drag = JSON.parse(document.getElementById("drag").textContent);
  const form = document.getElementById("steer");
  const percent = document.getElementById("id_percent");
  const range = document.getElementById("range");
  const back = document.getElementById("back");
  const nines = new URLSearchParams(location.search).get("scale") === "nines";
  const NINES_MOST = 3;
  // The picture is drawn twice, for a wide place and a narrow one; the style sheet shows one of them.
  const plots = [...document.querySelectorAll("[data-plot]")].map((svg) => {
    const [left, right, top, bottom] = ["left", "right", "top", "bottom"].map((edge) => Number(svg.dataset[edge]));
    const cursor = svg.querySelector(".at-cursor");
    return { left, right, top, bottom, topError: Number(svg.dataset.topError), cursor, dot: cursor.querySelector("circle") };
  });

  const position = (share) => (nines ? Math.min(-Math.log10(Math.max(1 - share, 1e-9)), NINES_MOST) / NINES_MOST : share);
  const shareAt = (part) => (nines ? (part >= 1 ? 0.999 : 1 - 10 ** (-part * NINES_MOST)) : part);

  const mode = () => form.elements.mode?.value || drag.mode;

  // Routing follows the largest certified cut that was asked for; in a trial it follows the request.
  const inEffect = (share) => {
    if (mode() === "trial") return share;
    return Math.max(0, ...drag.points.filter((p) => p[3] && p[0] <= share + 1e-9).map((p) => p[0]));
  };
  const pointAt = (share) => drag.points.find((p) => p[0] >= share - 1e-9);

  const effects = (share) => {
    if (drag.items === 0) return { looks: null, hours: null, wrong: null, most: null, cost: null };
    const unattended = drag.items * (1 - drag.fixed) * share;
    const looks = drag.items - unattended + unattended * drag.auditChance;
    const point = pointAt(share);
    const times = (rate) => (unattended === 0 ? 0 : rate == null ? null : unattended * rate);
    return {
      looks,
      hours: drag.seconds == null ? null : (looks * drag.seconds) / 3600,
      wrong: times(point && point[1]),
      most: times(point && point[2]),
      cost: drag.modelCost == null ? null : drag.items * drag.modelCost + looks * drag.lookCost,
    };
  };

  const UNKNOWN = "not known yet";
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const cents = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const said = (share) => `${Math.round(share * 1e4) / 100} %`;
  const aDay = (n) => (n == null ? UNKNOWN : n >= 10 || n === 0 ? whole.format(n) : n.toFixed(1));
  const hours = (n) => (n == null ? UNKNOWN : n < 1 ? `${(n * 60).toFixed(0)} min` : tenth.format(n));

  const set = (name, text) => {
    const node = document.querySelector(`[data-then="${name}"]`);
    if (!node || node.textContent === text) return;
    node.textContent = text;
    node.classList.toggle("unknown", text.startsWith("not known"));
  };

  const sentence = (asked, effect) => {
    if (drag.held) return `The slider is pulled back and stays so: 0 % runs until it is released, then ${said(effect)}.`;
    if (asked === 0) return "Everything goes to people.";
    if (mode() === "trial") return `${said(asked)} would run unattended at once, on your word${drag.mode === "trial" ? "" : ": no promise about its error"}.`;
    if (drag.allowed == null) return `You ask ${said(asked)}; what the evidence allows is not known yet. Until it is, 0 % runs.`;
    return `You ask ${said(asked)}; ${said(effect)} would run.`;
  };

  const wanted = () => Math.min(1, Math.max(0, Number(percent.value) / 100 || 0));

  // The server's own numbers stand there until a hand moves something.
  const show = () => {
    const asked = wanted();
    const effect = inEffect(asked);
    const then = effects(effect);
    set("share", said(effect));
    set("looks", aDay(then.looks));
    set("hours", hours(then.hours));
    set("wrong", aDay(then.wrong));
    set("most", aDay(then.most));
    set("cost", then.cost == null ? "not known" : cents.format(then.cost));
    const verdict = document.querySelector("[data-verdict]");
    if (verdict) {
      verdict.textContent = sentence(asked, effect);
      verdict.className = `verdict verdict-${!drag.held && (asked === 0 || (mode() !== "trial" && effect === asked)) ? "good" : "warn"}`;
    }
    place();
  };

  const place = () => {
    const asked = wanted();
    const point = pointAt(asked);
    const known = point && point[1] != null && asked > 0;
    for (const { left, right, top, bottom, topError, cursor, dot } of plots) {
      const x = left + position(asked) * (right - left);
      cursor.setAttribute("transform", `translate(${x.toFixed(2)} 0)`);
      if (known) dot.setAttribute("cy", bottom - (Math.min(point[1], topError) / topError) * (bottom - top));
      dot.toggleAttribute("hidden", !known);
    }
    range.setAttribute("aria-valuetext", `${said(asked)} asked, ${said(inEffect(asked))} would run unattended`);
    back.hidden = Math.abs(asked - drag.requested) < 1e-9 && mode() === drag.mode;
  };

  let frame = 0;
  const soon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(show);
  };
  const rest = () => percent.dispatchEvent(new Event("change", { bubbles: true }));
  const toRange = () => { range.value = Math.round(position(Number(percent.value) / 100 || 0) * 1000); };

  range.hidden = false;
  for (const { cursor } of plots) cursor.removeAttribute("hidden");
  toRange();
  range.addEventListener("input", () => {
    percent.value = Math.round(shareAt(Number(range.value) / 1000) * 1000) / 10;
    soon();
  });
  range.addEventListener("change", rest);
  percent.addEventListener("input", () => { toRange(); soon(); });
  for (const radio of form.querySelectorAll('[name="mode"]')) {
    radio.addEventListener("change", () => { soon(); rest(); });
  }
  back.addEventListener("click", () => {
    percent.value = Math.round(drag.requested * 1e6) / 1e4;
    const old = form.querySelector(`[name="mode"][value="${drag.mode}"]`);
    if (old) old.checked = true;
    toRange();
    soon();
    rest();
    range.focus();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "what-if") return;
    const verdict = document.querySelector("[data-verdict]");
    if (verdict) window.say(verdict.textContent);
  });
  place();
})();
