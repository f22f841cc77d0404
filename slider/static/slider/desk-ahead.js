// The looks that wait in the page: the next one is shown at once, and those that are missing are fetched beside the work.
"use strict";
window.ahead = (() => {
  const desk = document.getElementById("desk");
  const { kept, outbox, sight } = window;
  const AHEAD = 3;
  const ahead = {
    waiting: [], // ready to be shown: looks, and cards that say what became of one
    asking: false,
    asked: 0, // when it was asked last
    leaseMs: 50_000,
  };
  let hungry = 0; // so often an empty desk asks again soon: a page that was just closed may still let go of looks
  let askAgain = false;
  let wait = 1;
  let retry = 0;
  let rest = "";

  const looks = () => [sight.here, ...ahead.waiting].filter((one) => one.review);
  const grip = (one) => `${one.review}:${one.token}`;

  const next = (said = "") => {
    // One whose lease has run out may be another's by now: it is held anew before anybody looks at it.
    const at = ahead.waiting.findIndex((one) => one.card || one.ends > performance.now());
    if (at >= 0) sight.show(ahead.waiting.splice(at, 1)[0], said);
    else sight.dry(said);
    recount();
    refill();
  };

  const putBack = () => {
    if (sight.here.review) ahead.waiting.unshift({ ...sight.here, nodes: sight.away() });
  };

  // ---- what is asked beside the work: signs of life, and as many looks as are missing
  const refill = async () => {
    if (ahead.asking) { askAgain = true; return; }
    ahead.asking = true;
    clearTimeout(retry);
    ahead.asked = performance.now();
    const answer = await outbox.post(desk.dataset.ahead, wishes());
    ahead.asking = false;
    if (answer.why) return failed(answer.why);
    wait = 1;
    if (outbox.isIdle()) outbox.calm();
    filled(JSON.parse(answer.text), ahead.asked);
    if (askAgain) { askAgain = false; refill(); }
  };

  const wishes = () => {
    const { here } = sight;
    const there = here.review || here.card === "empty" ? 0 : 1;
    const missing = AHEAD + there - ahead.waiting.filter((one) => one.review).length;
    const want = here.card === "empty" && !sight.isDry && !hungry ? 0 : Math.max(0, missing);
    const pairs = [["want", want], ["task", desk.dataset.only], ["near", here.task || here.near || ""]];
    for (const one of looks()) pairs.push([kept.draft(one.review) ? "typed" : "have", grip(one)]);
    for (const sent of outbox.grips()) pairs.push(["sent", sent]);
    const mine = new Set(looks().map((one) => one.review));
    for (const one of kept.orphans()) if (!mine.has(one.review) && !outbox.has(one.review)) pairs.push(["back", grip(one)]);
    return pairs;
  };

  const failed = (why) => {
    askAgain = false;
    if (!sight.isDry) return; // the looks at hand are still there; the next sign of life tries again
    outbox.complain(why === "no" ? "ill" : why, wait);
    retry = setTimeout(refill, wait * 1000);
    wait = Math.min(wait * 2, 30);
  };

  // A look that others have by now waits no longer; what was typed for it does, to be copied.
  const withoutLost = (one) => {
    if (one.card || !one.isGone || one.entry) return [one];
    const draft = kept.draft(one.review);
    return draft ? [sight.card({ ...draft, review: one.review })] : [];
  };

  const filled = (told, since) => {
    ahead.leaseMs = told.lease_s * 1000;
    const held = new Set(told.kept.map(String));
    const gone = new Set(told.lost.map(String));
    for (const one of looks()) {
      const ms = (kept.draft(one.review) ? told.typed_s : told.lease_s) * 1000;
      if (held.has(one.review)) Object.assign(one, { ends: since + ms, isGone: false });
      else if (gone.has(one.review)) one.isGone = true;
    }
    ahead.waiting = ahead.waiting.flatMap(withoutLost);
    const mine = new Set(looks().map((one) => one.review));
    for (const look of told.looks) {
      const one = sight.read(sight.parsed(look.html), { address: look.address, ends: since + ahead.leaseMs });
      if (mine.has(one.review) || outbox.has(one.review)) continue;
      ahead.waiting = ahead.waiting.filter((other) => other.draft !== one.review); // it can be gone on with after all
      if (kept.draft(one.review)) ahead.waiting.unshift(one);
      else ahead.waiting.push(one);
    }
    for (const draft of kept.orphans()) {
      if (outbox.has(draft.review) || mine.has(draft.review)) continue;
      if (gone.has(draft.review)) ahead.waiting.unshift(sight.card(draft));
    }
    rest = told.waiting;
    arrivedWith(told);
    recount();
  };

  // What waits is what nobody has, and what waits ahead in this page.
  const recount = () => {
    const count = document.querySelector(".top .count");
    const more = ahead.waiting.filter((one) => one.review).length;
    if (count && rest) count.firstChild.data = /^\d+$/.test(rest) ? String(Number(rest) + more) : rest;
  };

  const arrivedWith = (told) => {
    const { here } = sight;
    if (here.review && here.isGone && sight.isFresh() && !kept.draft(here.review) && !here.entry) {
      return next("Somebody else has taken the item by now.");
    }
    const isLeft = ahead.waiting.some((one) => kept.draft(one.review || "") || one.card);
    if ((sight.isDry || hungry) && ahead.waiting.length) next(here.said);
    else if (sight.isDry && told.empty) showEmpty(told);
    else if (isLeft && here.card === "start" && ahead.waiting.length) next();
    desk.dispatchEvent(new CustomEvent("desk:held"));
  };

  // ---- nothing is there: it is asked again for a few seconds
  desk.addEventListener("desk:arrived", () => { if (sight.here.card !== "empty") hungry = 0; });

  const showEmpty = (told) => {
    const nodes = sight.parsed(told.empty);
    hungry = told.elsewhere || nodes.querySelector("[data-take]") ? 4 : 0;
    sight.show({ nodes, card: "empty", near: sight.here.near }, sight.here.said);
    soon();
  };

  const soon = () => setTimeout(() => {
    if (sight.here.card !== "empty" || !hungry) return;
    refill();
    hungry -= 1;
    soon();
  }, 1000);

  desk.addEventListener("desk:again", () => sight.isDry && refill());

  // ---- what the buttons of cards and of the empty desk do
  const take = () => {
    const { here } = sight;
    if (here.entry) outbox.remove(here.entry);
    if (here.draft) kept.dropDraft(here.draft);
    sight.here = { card: "dry", near: here.near };
    next();
  };

  const showBack = () => {
    const at = ahead.waiting.findIndex((one) => one.entry);
    if (at < 0 || !sight.isReady()) return;
    const [one] = ahead.waiting.splice(at, 1);
    putBack();
    sight.show(one);
  };

  const begin = () => {
    outbox.adopt();
    const sheet = sight.place.querySelector(".sheet");
    if (sheet) {
      const { review, token, task, lease } = sheet.dataset;
      sight.here = { review, token, task, ends: performance.now() + Number(lease) * 1000 };
      if (outbox.has(review)) return next();
      sight.paint();
      refill();
    } else if (sight.place.querySelector("[data-take-itself]")) {
      take();
    } else {
      sight.here = { card: sight.place.querySelector(".desk-empty") ? "empty" : "start" };
      sight.paint();
      if (kept.orphans().length) { sight.here = { card: "start" }; refill(); }
    }
  };

  // Whether a look is typed for decides how long it is held: that is said when the first letter is there.
  let told = "";
  const typed = () => {
    if (told === sight.here.review) return;
    told = sight.here.review;
    refill();
  };

  return Object.assign(ahead, {
    looks, grip, next, putBack, refill, take, showBack, begin, typed, isReady: sight.isReady, isAsking: () => ahead.asking,
  });
})();
