// The slider page: redo the sums in each frame while one drags; the server's own follow when the hand rests.
"use strict";

(() => {
  const { position, shareAt, snapped, keyed } = window.axis;
  const drag = JSON.parse(document.getElementById("drag").textContent);
  const form = document.getElementById("steer");
  const plot = document.getElementById("plot");
  const percent = document.getElementById("id_percent");
  const range = document.getElementById("range");
  const back = document.getElementById("back");
  const RANGE = 10_000;

  // The picture is drawn four times: on both axes, for a wide place and a narrow one; the style sheet shows one.
  const plots = [...document.querySelectorAll("[data-plot]")].map((svg) => {
    const [left, right, top, bottom] = ["left", "right", "top", "bottom"].map((edge) => Number(svg.dataset[edge]));
    const cursor = svg.querySelector(".at-cursor");
    const nines = svg.dataset.axis === "nines";
    return { left, right, top, bottom, nines, topError: Number(svg.dataset.topError), cursor, dot: cursor.querySelector("circle") };
  });

  const nines = () => plot.dataset.axis === "nines";
  const mode = () => form.elements.mode?.value || drag.mode;
  const wanted = () => Math.min(1, Math.max(0, Number(percent.value) / 100 || 0));

  // ---- sums: the same as queries/steer.py and engine/capacity.py ------------------------------------------------

  // Routing follows the largest certified cut that was asked for and that the brake lets run; a trial the request.
  const vouched = (share) => Math.max(0, ...drag.points.filter((p) => p[3] && p[0] <= share + 1e-9).map((p) => p[0]));
  const inEffect = (share) => (mode() === "trial" ? share : vouched(Math.min(share, drag.most)));
  const pointAt = (share) => drag.points.find((p) => p[0] >= share - 1e-9);

  // How many items of the day have a rank up to this share and an answer, evenly spread between two cuts.
  const reached = (share) => {
    const place = drag.cuts.findIndex((cut) => cut >= share);
    if (place <= 0) return 0;
    const [from, to] = [drag.cuts[place - 1], drag.cuts[place]];
    return drag.reached[place - 1] + ((share - from) / (to - from)) * (drag.reached[place] - drag.reached[place - 1]);
  };

  const effects = (share) => {
    if (drag.items === 0) return { looks: null, hours: null, wrong: null, most: null, cost: null, moved: null };
    const unattended = reached(share);
    const looks = drag.items - unattended * (1 - drag.auditChance);
    const point = pointAt(share);
    const times = (rate) => (unattended === 0 ? 0 : rate == null ? null : unattended * rate);
    return {
      looks,
      hours: drag.seconds == null ? null : (looks * drag.seconds) / 3600,
      wrong: times(point && point[1]),
      most: times(point && point[2]),
      cost: drag.modelCost == null ? null : drag.items * drag.modelCost + looks * drag.lookCost,
      moved: Math.abs(unattended - reached(drag.inForce)),
    };
  };

  // ---- words: the same as queries/shares.py, queries/window.py and templatetags/figures.py -----------------------

  const UNKNOWN = "not known yet";
  const digits = (least, most = least) => new Intl.NumberFormat("en", { minimumFractionDigits: least, maximumFractionDigits: most });
  const [whole, tenth, cents, small, plain] = [digits(0), digits(1), digits(2), digits(4), digits(0, 1)];
  const unbroken = (text) => text.replaceAll(" %", "\u00a0%");
  const said = (share) => {
    const written = [2, 3, 4, 5, 6, 7, 8].map((most) => Number((share * 100).toFixed(most)));
    return `${written.find((one) => (one === 0) === (share === 0) && (one === 100) === (share === 1)) ?? written.at(-1)} %`;
  };
  const aDay = (n) => (n == null ? UNKNOWN : n >= 10 || n === 0 ? whole.format(n) : n.toFixed(1));
  const hours = (n) => (n == null ? UNKNOWN : n < 1 ? `${(n * 60).toFixed(0)} min` : tenth.format(n));
  const money = (n) => (n == null ? "not known" : n !== 0 && n < 0.01 ? small.format(n) : cents.format(n));
  const time = (n) => {
    if (n >= 0.995) return n.toFixed(1) === "1.0" ? "1 hour" : `${n < 1000 ? plain.format(n) : whole.format(n)} hours`;
    const minutes = Math.ceil(n * 60 - 1e-6);
    return `${minutes} minute${minutes === 1 ? "" : "s"}`;
  };

  const given = (n) => (n < 1 ? time(n) : n === 1 ? "1 hour" : `${Math.round(n * 100) / 100} hours`);

  const over = (n) => {
    if (n == null || drag.staffed == null || n <= drag.staffed * (1 + 1e-9)) return "";
    return `People would need ${time(n)} a day; ${given(drag.staffed)} ${drag.staffed === 1 ? "is" : "are"} staffed, so the backlog would grow.`;
  };

  const sentence = (asked, effect) => {
    const [tone, words] = meant(asked, effect);
    return drag.stale && !drag.held ? ["warn", `${words} Until the guard gives a sign of life, 0 % runs.`] : [tone, words];
  };

  const meant = (asked, effect) => {
    const looked = `${whole.format(drag.labels)} reviewed item${drag.labels === 1 ? "" : "s"}`;
    if (drag.held) return ["warn", `The slider is pulled back and stays so: 0 % runs until it is released, then ${said(effect)}.`];
    if (asked === 0) return ["good", "Everything goes to people."];
    if (mode() === "trial") {
      return ["warn", `${said(asked)} would run unattended at once, on your word${drag.mode === "trial" ? "" : ": no promise about its error"}.`];
    }
    if (drag.allowed == null) return ["warn", `You ask ${said(asked)}; what the evidence allows is not known yet. Until it is, 0 % runs.`];
    if (effect < vouched(asked)) {
      return ["warn", `You ask ${said(asked)}; ${looked} vouch for ${said(vouched(asked))}, but the brake holds it at ${said(effect)} for now.`];
    }
    if (effect === 0) return ["warn", `You ask ${said(asked)}; ${looked} do not vouch for that yet, so 0 % runs.`];
    if (drag.allowed < asked) return ["warn", `You ask ${said(asked)}; ${looked} allow ${said(effect)}, so ${said(effect)} runs.`];
    const step = effect === asked ? "" : `${said(effect)} runs: the next step below that the evidence vouches for. `;
    return ["good", `${step}${looked} vouch for ${said(effect)}: at most ${Number((drag.limit * 100).toPrecision(6))} % of it wrong.`];
  };

  // ---- one frame -------------------------------------------------------------------------------------------------

  const set = (name, text) => {
    const node = document.querySelector(`[data-then="${name}"]`);
    if (!node || node.textContent === text) return;
    node.textContent = text;
    node.classList.toggle("unknown", text.startsWith("not known"));
  };

  // The server's own numbers stand there until a hand moves something.
  const show = () => {
    const asked = wanted();
    const effect = inEffect(asked);
    const then = effects(effect);
    const warning = over(then.hours);
    set("share", unbroken(said(effect)));
    set("looks", aDay(then.looks));
    set("hours", hours(then.hours));
    set("wrong", aDay(then.wrong));
    set("most", aDay(then.most));
    set("cost", money(then.cost));
    set("moved", aDay(then.moved));
    document.querySelector('[data-then="hours"]')?.classList.toggle("warn", warning !== "");
    const staffed = document.querySelector("[data-staffed]");
    if (staffed) {
      staffed.textContent = `${warning ? "over" : "of"} ${drag.staffed} staffed`;
      staffed.className = warning ? "small warn strong" : "small";
    }
    const verdict = document.querySelector("[data-verdict]");
    if (verdict) {
      const [tone, words] = sentence(asked, effect);
      verdict.firstChild.textContent = `${unbroken(words)} `;
      verdict.querySelector(".sr").textContent = unbroken(warning);
      verdict.className = `verdict verdict-${warning ? "warn" : tone}`;
    }
    place();
  };

  const place = () => {
    const asked = wanted();
    const point = pointAt(asked);
    const known = point && point[1] != null && asked > 0;
    for (const { left, right, top, bottom, nines: isNines, topError, cursor, dot } of plots) {
      const x = left + position(asked, isNines) * (right - left);
      cursor.setAttribute("transform", `translate(${x.toFixed(2)} 0)`);
      if (known) dot.setAttribute("cy", bottom - (Math.min(point[1], topError) / topError) * (bottom - top));
      dot.toggleAttribute("hidden", !known);
    }
    range.setAttribute("aria-valuetext", `${said(asked)} asked, ${said(inEffect(asked))} would run unattended`);
    back.disabled = Math.abs(asked - drag.requested) < 1e-9 && mode() === drag.mode;
  };

  let frame = 0;
  const soon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(show);
  };
  const rest = () => percent.dispatchEvent(new Event("change", { bubbles: true }));
  const toRange = () => { range.value = Math.round(position(wanted(), nines()) * RANGE); };
  const ask = (share) => { percent.value = Math.round(share * 1e6) / 1e4; };

  // ---- hands -----------------------------------------------------------------------------------------------------

  range.addEventListener("input", () => {
    ask(snapped(shareAt(Number(range.value) / RANGE, nines())));
    soon();
  });
  range.addEventListener("change", rest);
  range.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const share = keyed(event.key, wanted(), drag.cuts);
    if (share === undefined) return;
    event.preventDefault();
    ask(share);
    toRange();
    soon();
    rest();
  });
  percent.addEventListener("input", () => { toRange(); soon(); });
  for (const radio of form.querySelectorAll('[name="mode"]')) {
    radio.addEventListener("change", () => { soon(); rest(); });
  }
  back.addEventListener("click", () => {
    ask(drag.requested);
    const old = form.querySelector(`[name="mode"][value="${drag.mode}"]`);
    if (old) old.checked = true;
    toRange();
    soon();
    rest();
    range.focus();
  });

  // The other axis needs no new page: it is drawn already, and the thumb goes to where the share stands on it.
  for (const link of form.querySelectorAll("a[data-scale]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      plot.dataset.axis = link.dataset.scale;
      for (const one of form.querySelectorAll("a[data-scale]")) one.toggleAttribute("aria-current", one === link);
      link.setAttribute("aria-current", "true");
      const address = new URL(location.href);
      address.searchParams.set("scale", link.dataset.scale);
      if (address.pathname === new URL(link.href).pathname) history.replaceState(null, "", address);
      toRange();
    });
  }

  // What a person has opened stays open when the server's own numbers come in, and numbers for where the hand no
  // longer is do not come in at all: it moves on, and asks again when it rests.
  let open = false;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "what-if") return;
    open = document.querySelector("#what-if details")?.open ?? open;
    const asked = new URL(event.detail.xhr.responseURL).searchParams;
    if (Number(asked.get("percent")) !== Number(percent.value) || (asked.get("mode") ?? mode()) !== mode()) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "what-if") return;
    const fold = document.querySelector("#what-if details");
    if (fold) fold.open = open;
    const verdict = document.querySelector("[data-verdict]");
    if (verdict) window.say(verdict.textContent);
  });

  range.hidden = back.hidden = false;
  for (const { cursor } of plots) cursor.removeAttribute("hidden");
  toRange();
  place();
})();
