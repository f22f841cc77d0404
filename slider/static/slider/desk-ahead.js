// The looks that wait in the page: the next one is shown at once, and those that are missing are fetched beside the work.
// They are held while the page is in sight and somebody is there, by a clock that nobody can set: the page's own.
"use strict";
window.ahead = (() => {
  const desk = document.getElementById("desk");
  const place = document.getElementById("desk-piece");
  const { kept, outbox } = window;
  const AHEAD = 3;
  const PASSED_ON = ["Skipped", "Handed on", "Flagged"]; // these can't be taken back
  const COUNTDOWN_BELOW_MS = 30_000;
  const BEHIND_AFTER_MS = 500;
  const LOOKED_AT_MS = 3_000; // until then what came back may take the place of what has just come
  const presenceMs = Number(desk.dataset.presence) * 1000;
  let waiting = []; // ready to be shown: looks, and cards that say what became of one
  let here = { card: "start" }; // what lies in sight
  let isDry = false; // nothing is ready, and something is wanted
  let isPainted = false;
  let isBusy = false; // an undo is on its way
  let hungry = 0; // so often an empty desk asks again soon: a page that was just closed may still let go of looks
  let asking = false;
  let askAgain = false;
  let asked = 0;
  let active = performance.now();
  let leaseMs = 50_000;
  let wait = 1;
  let retry = 0;
  let rest = "";

  const heading = () => document.getElementById("sheet-title");
  const isReady = () => isPainted && !isBusy && !isDry;
  const looks = () => [here, ...waiting].filter((one) => one.review);
  const grip = (one) => `${one.review}:${one.token}`;

  // ---- pieces that the server has drawn
  const parsed = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };

  const away = () => {
    const nodes = document.createDocumentFragment();
    nodes.append(...place.childNodes);
    return nodes;
  };

  // A look by its sheet, else a card.
  const read = (nodes, more = {}) => {
    const sheet = nodes.querySelector(".sheet");
    const { review, token, task } = sheet?.dataset || {};
    return { nodes, ...(sheet ? { review, token, task } : { card: "said" }), ...more };
  };

  const show = (one, said = "") => {
    isDry = false;
    isPainted = false;
    desk.setAttribute("aria-busy", "true");
    desk.classList.remove("is-waiting");
    const { nodes, ...rest } = one;
    if (one.card !== "empty") hungry = 0;
    here = rest;
    place.replaceChildren(nodes);
    history.replaceState(null, "", one.address || addressOf(one));
    scrollTo(0, 0);
    document.title = `${heading()?.textContent.trim() || "Desk"} · Slider`;
    desk.dispatchEvent(new CustomEvent("desk:arrived", { detail: { isNew: true } }));
    const wrong = place.querySelector("[role=alert], .error")?.textContent.trim();
    window.say(`${said} ${wrong || heading()?.textContent.trim() || ""}`.trim());
    paint();
  };

  // Keys count from the moment on at which the look has been painted: nothing is decided that nobody could see.
  const paint = () => requestAnimationFrame(() => setTimeout(() => {
    isPainted = true;
    here.seen ??= performance.now();
    desk.removeAttribute("aria-busy");
    desk.dispatchEvent(new CustomEvent("desk:painted"));
  }, 0));

  const addressOf = (one) => {
    const only = desk.dataset.only ? `?task=${desk.dataset.only}` : "";
    return (one.review ? `${desk.dataset.home}${one.review}/` : desk.dataset.home) + only;
  };

  const next = (said = "") => {
    // One whose lease has run out may be another's by now: it is held anew before anybody looks at it.
    const at = waiting.findIndex((one) => one.card || one.ends > performance.now());
    if (at >= 0) show(waiting.splice(at, 1)[0], said);
    else dry(said);
    recount();
    refill();
  };

  const dry = (said = "") => {
    isDry = true;
    isPainted = false;
    desk.setAttribute("aria-busy", "true");
    desk.classList.add("is-waiting");
    here = { card: "dry", said };
    setTimeout(() => {
      if (!isDry || here.card !== "dry" || here.isBehind) return;
      here.isBehind = true;
      place.replaceChildren(document.getElementById("desk-behind").content.cloneNode(true));
      heading().focus({ preventScroll: true });
    }, BEHIND_AFTER_MS);
  };

  const putBack = () => {
    if (here.review) waiting.unshift({ ...here, nodes: away() });
  };

  // ---- what is asked beside the work: signs of life, and as many looks as are missing
  const refill = async () => {
    if (asking) { askAgain = true; return; }
    asking = true;
    clearTimeout(retry);
    asked = performance.now();
    const answer = await outbox.post(desk.dataset.ahead, wishes());
    asking = false;
    if (answer.why) return failed(answer.why);
    wait = 1;
    if (outbox.isIdle()) outbox.calm();
    filled(JSON.parse(answer.text), asked);
    if (askAgain) { askAgain = false; refill(); }
  };

  const wishes = () => {
    const missing = AHEAD + (here.review || here.card === "empty" ? 0 : 1) - waiting.filter((one) => one.review).length;
    const want = here.card === "empty" && !isDry && !hungry ? 0 : Math.max(0, missing);
    const pairs = [["want", want], ["task", desk.dataset.only], ["near", here.task || here.near || ""]];
    for (const one of looks()) pairs.push([kept.draft(one.review) ? "typed" : "have", grip(one)]);
    for (const sent of outbox.grips()) pairs.push(["sent", sent]);
    const mine = new Set(looks().map((one) => one.review));
    for (const one of kept.orphans()) if (!mine.has(one.review) && !outbox.has(one.review)) pairs.push(["back", grip(one)]);
    return pairs;
  };

  const failed = (why) => {
    askAgain = false;
    if (!isDry) return; // the looks at hand are still there; the next sign of life tries again
    outbox.complain(why === "no" ? "ill" : why, wait);
    retry = setTimeout(refill, wait * 1000);
    wait = Math.min(wait * 2, 30);
  };

  const filled = (told, since) => {
    leaseMs = told.lease_s * 1000;
    const held = new Set(told.kept.map(String));
    const gone = new Set(told.lost.map(String));
    for (const one of looks()) {
      const ms = (kept.draft(one.review) ? told.typed_s : told.lease_s) * 1000;
      if (held.has(one.review)) Object.assign(one, { ends: since + ms, isGone: false });
      else if (gone.has(one.review)) one.isGone = true;
    }
    waiting = waiting.filter((one) => one.card || !one.isGone || one.entry);
    const mine = new Set(looks().map((one) => one.review));
    for (const look of told.looks) {
      const one = read(parsed(look.html), { address: look.address, ends: since + leaseMs });
      if (mine.has(one.review) || outbox.has(one.review)) continue;
      if (kept.draft(one.review)) waiting.unshift(one);
      else waiting.push(one);
    }
    for (const draft of kept.orphans()) {
      if (outbox.has(draft.review) || mine.has(draft.review)) continue;
      if (gone.has(draft.review)) waiting.unshift(card(draft));
    }
    rest = told.waiting;
    arrivedWith(told);
    recount();
  };

  // What waits is what nobody has, and what waits ahead in this page.
  const recount = () => {
    const count = document.querySelector(".top .count");
    const ahead = waiting.filter((one) => one.review).length;
    if (count && rest) count.firstChild.data = /^\d+$/.test(rest) ? String(Number(rest) + ahead) : rest;
  };

  const arrivedWith = (told) => {
    const isFresh = here.seen === undefined || performance.now() - here.seen < LOOKED_AT_MS;
    if (here.review && here.isGone && isFresh && !kept.draft(here.review) && !here.entry) {
      return next("Somebody else has taken the item by now.");
    }
    const isLeft = waiting.some((one) => kept.draft(one.review || "") || one.card);
    if ((isDry || hungry) && waiting.length) next(here.said);
    else if (isDry && told.empty) showEmpty(told);
    else if (isLeft && here.card === "start" && waiting.length) next();
    tick();
  };

  const showEmpty = (told) => {
    const nodes = parsed(told.empty);
    hungry = told.elsewhere || nodes.querySelector("[data-take]") ? 4 : 0;
    show({ nodes, card: "empty", near: here.near }, here.said);
    soon();
  };

  const soon = () => setTimeout(() => {
    if (here.card !== "empty" || !hungry) return;
    refill();
    hungry -= 1;
    soon();
  }, 1000);

  // What somebody typed for an item that is in other hands by now: to copy, and then to be done with.
  const card = (draft) => {
    const nodes = document.getElementById("desk-orphan").content.cloneNode(true);
    const words = draft.typed.filter(([, text]) => text).map(([name, text]) => `${name.replace(/^f\./, "")}: ${text}`);
    nodes.querySelector("textarea").value = words.join("\n");
    nodes.querySelector("h1").textContent = `What you typed for ${draft.title} is kept`;
    kept.keepDraft(draft.review, draft);
    return { nodes, card: "orphan", draft: draft.review };
  };

  // ---- deciding: kept first, then the next one is there, and the sending goes on behind
  const decide = (form, pairs, words) => {
    if (!isReady() || !here.review) return;
    const title = heading().textContent.trim();
    const seen = Math.round(performance.now() - (here.seen ?? performance.now()));
    const { review, token, task, ends } = here;
    const body = [...pairs, ["seen_ms", String(seen)]];
    const entry = { review, token, task, title, words, address: new URL(form.action).pathname, body };
    outbox.put(entry);
    entry.node = { ...here, nodes: away(), ends };
    here = { card: "dry", near: task };
    if (!PASSED_ON.includes(words) && entry.node.nodes.querySelector(".sheet").dataset.takeBackS !== "0") saidHere(words, title);
    next(`${words}: ${title}.`);
  };

  const saidHere = (words, title) => {
    const line = document.getElementById("desk-undo").content.cloneNode(true);
    line.querySelector("[data-words]").textContent = words;
    line.querySelector("strong").textContent = title;
    document.getElementById("desk-said").replaceChildren(line);
    desk.dispatchEvent(new CustomEvent("desk:said"));
  };

  const said = (nodes) => {
    document.getElementById("desk-said").replaceChildren(...nodes);
    desk.dispatchEvent(new CustomEvent("desk:said"));
  };

  // What came back unsaved: at once, if nobody has begun to look at another, else next.
  const back = ({ detail: { entry, text, status } }) => {
    const from = text ? parsed(text).querySelector("#desk-piece") : null;
    const nodes = document.createDocumentFragment();
    if (from) nodes.append(...from.childNodes);
    const typed = entry.body.filter(([name]) => name.startsWith("f.") || name === "note" || name === "reason");
    const one = from
      ? read(nodes, { entry, ends: performance.now() + leaseMs })
      : { ...card({ review: entry.review, token: entry.token, title: entry.title, typed }), entry };
    if (!from && status) one.nodes.querySelector("p").textContent = `The server refused it (${status}). Nothing was saved.`;
    wantsUndo = false;
    setBusy(false);
    if (outbox.isIdle()) said(text ? [...(parsed(text).querySelector("#desk-said")?.childNodes || [])] : []);
    if (isUntouched()) {
      putBack();
      show(one, `${entry.title} comes back.`);
    } else {
      waiting.unshift(one);
      const line = document.getElementById("desk-came-back").content.cloneNode(true);
      line.querySelector("strong").textContent = entry.title;
      document.getElementById("desk-said").prepend(line);
      window.say(`${entry.title} was not saved and comes back next.`);
    }
  };

  const isUntouched = () => {
    if (!here.review) return here.card !== "said" && here.card !== "orphan";
    const open = place.querySelector(".sheet").matches(".is-fixing, .is-rejecting, .is-marking, .is-listing");
    const since = here.seen === undefined ? 0 : performance.now() - here.seen;
    return !open && !kept.draft(here.review) && since < LOOKED_AT_MS;
  };

  // ---- undo: what was never sent is simply not sent; the rest is the server's to take back
  let wantsUndo = false;

  const undo = () => {
    const form = desk.querySelector("form[data-undo]");
    if (!isReady() && !(isPainted && !isBusy)) return;
    const entry = outbox.recall();
    if (entry?.node) {
      putBack();
      said([]);
      show(entry.node, `Taken back: ${entry.title}.`);
    } else if (outbox.isFlying() || entry) {
      wantsUndo = true;
      setBusy(true);
    } else if (!outbox.isIdle()) {
      window.say("It can be taken back once the server can be reached.");
    } else if (form) {
      undoThere(form);
    }
  };

  const setBusy = (busy) => {
    isBusy = busy;
    desk.classList.toggle("is-waiting", busy);
    if (busy) desk.setAttribute("aria-busy", "true");
    else if (isPainted) desk.removeAttribute("aria-busy");
  };

  // Asked until it is answered; meanwhile nothing else can be done. Nothing when it is refused.
  const insist = async (address, pairs) => {
    setBusy(true);
    let answer = await outbox.post(address, pairs);
    for (let pause = 1; answer.why === "away" || answer.why === "ill"; pause = Math.min(pause * 2, 30)) {
      outbox.complain(answer.why, pause);
      await new Promise((done) => setTimeout(done, pause * 1000));
      answer = await outbox.post(address, pairs);
    }
    setBusy(false);
    if (answer.why) return outbox.complain(answer.why === "no" ? "ill" : answer.why, 1);
    outbox.calm();
    return answer;
  };

  const pieceOf = (whole) => {
    const nodes = document.createDocumentFragment();
    nodes.append(...whole.querySelector("#desk-piece").childNodes);
    return nodes;
  };

  // What belongs to the look in sight and is no verdict yet: the piece that answers it takes its place. True if it does.
  const step = async (form, pairs) => {
    if (!isReady() || !here.review) return false;
    const answer = await insist(form.action, pairs);
    if (!answer) return false;
    if (answer.response.ok) kept.dropDraft(here.review);
    const words = JSON.parse(answer.response.headers.get("X-Desk-Said") || '""');
    if (answer.response.headers.get("X-Desk-Outcome") === "saved") {
      said(parsed(answer.text).childNodes);
      here = { card: "dry", near: here.task };
      next(words);
      return false;
    }
    show(read(pieceOf(parsed(answer.text)), { ends: here.ends }), words);
    return answer.response.ok;
  };

  const undoThere = async (form) => {
    const answer = await insist(form.action, [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken"));
    if (!answer) return;
    const words = JSON.parse(answer.response.headers.get("X-Desk-Said") || '""');
    const whole = parsed(answer.text);
    if (answer.response.headers.get("X-Desk-Outcome") === "late") {
      said(whole.childNodes);
      return window.say(words);
    }
    said(whole.querySelector("#desk-said").childNodes);
    putBack();
    show(read(pieceOf(whole), { ends: performance.now() + leaseMs }), words);
    refill();
  };

  desk.addEventListener("desk:saved", ({ detail: { text, isLast } }) => {
    if (isLast) said(parsed(text).childNodes);
    if (!wantsUndo) return;
    wantsUndo = false;
    setBusy(false);
    const form = desk.querySelector("form[data-undo]");
    if (form) undoThere(form);
  });
  desk.addEventListener("desk:back", back);
  desk.addEventListener("desk:again", () => isDry && refill());

  // ---- whether somebody is there, and what is left of the time
  const stir = () => {
    const wasAway = performance.now() - active > presenceMs;
    active = performance.now();
    if (wasAway && looks().length) refill();
  };
  for (const what of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "scroll"]) {
    addEventListener(what, stir, { capture: true, passive: true });
  }

  const tick = () => {
    const isThere = !document.hidden && performance.now() - active < presenceMs;
    if (isThere && looks().length && !asking && performance.now() - asked > leaseMs / 3) refill();
    const tag = document.getElementById("lease");
    if (!tag || !here.review || here.ends === undefined) return;
    const left = Math.ceil((here.ends - performance.now()) / 1000);
    tag.hidden = left * 1000 > COUNTDOWN_BELOW_MS && !here.isGone;
    if (here.isGone) tag.textContent = "somebody else has it now; what you say is kept beside theirs";
    else if (left > 0) tag.textContent = `yours for ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    else tag.textContent = "your time is over; it counts until somebody takes it";
  };
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    active = performance.now();
    if (looks().length) refill();
  });

  // ---- the page closes, or comes back from where the browser kept it
  addEventListener("pagehide", () => {
    // All goes that this page was given, but for what is typed or decided and kept.
    const typed = [...looks().filter((one) => kept.draft(one.review)), ...kept.orphans()];
    const pairs = [...typed.map((one) => ["typed", grip(one)]), ...outbox.kept().map((sent) => ["sent", sent])];
    outbox.leave(desk.dataset.release, pairs);
    kept.leave();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    kept.beat();
    refill();
  });

  // ---- what the buttons of cards and of the empty desk do
  const take = () => {
    if (here.entry) outbox.remove(here.entry);
    if (here.draft) kept.dropDraft(here.draft);
    here = { card: "dry", near: here.near };
    next();
  };

  const showBack = () => {
    const at = waiting.findIndex((one) => one.entry);
    if (at < 0 || !isReady()) return;
    const [one] = waiting.splice(at, 1);
    putBack();
    show(one);
  };

  const begin = () => {
    outbox.adopt();
    const sheet = place.querySelector(".sheet");
    if (sheet) {
      const { review, token, task, lease } = sheet.dataset;
      here = { review, token, task, ends: performance.now() + Number(lease) * 1000 };
      if (outbox.has(review)) return next();
      paint();
      refill();
    } else if (place.querySelector("[data-take-itself]")) {
      take();
    } else {
      here = { card: place.querySelector(".desk-empty") ? "empty" : "start" };
      paint();
      if (kept.orphans().length) { here = { card: "start" }; refill(); }
    }
  };

  // Whether a look is typed for decides how long it is held: that is said when the first letter is there.
  let told = "";
  const typed = () => {
    if (told === here.review) return;
    told = here.review;
    refill();
  };

  return { begin, decide, step, undo, take, showBack, typed, isReady, isAsking: () => asking };
})();
