// What lies on the desk: a look, or a card that says what became of one. Keys count once it has been painted.
"use strict";
window.sight = (() => {
  const desk = document.getElementById("desk");
  const place = document.getElementById("desk-piece");
  const { kept } = window;
  const BEHIND_AFTER_MS = 500;
  const LOOKED_AT_MS = 3_000; // until then what came back may take the place of what has just come
  const sight = {
    here: { card: "start" }, // what lies in sight
    isDry: false, // nothing is ready, and something is wanted
    isPainted: false,
    isBusy: false, // an undo is on its way
  };

  const heading = () => document.getElementById("sheet-title");
  const isReady = () => sight.isPainted && !sight.isBusy && !sight.isDry;
  const isFresh = () => sight.here.seen === undefined || performance.now() - sight.here.seen < LOOKED_AT_MS;

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

  const pieceOf = (whole) => {
    const nodes = document.createDocumentFragment();
    nodes.append(...(whole.querySelector("#desk-piece")?.childNodes || []));
    return nodes;
  };

  // A look by its sheet, else a card.
  const read = (nodes, more = {}) => {
    const sheet = nodes.querySelector(".sheet");
    const { review, token, task } = sheet?.dataset || {};
    return { nodes, ...(sheet ? { review, token, task } : { card: "said" }), ...more };
  };

  // What somebody typed for an item that is in other hands by now: to copy, and then to be done with.
  const card = (draft) => {
    const nodes = document.getElementById("desk-orphan").content.cloneNode(true);
    const typed = [...draft.typed, ...(draft.given || []).map(([, text]) => ["note", text])];
    const words = typed.filter(([, text]) => text).map(([name, text]) => `${name.replace(/^f\./, "")}: ${text}`);
    nodes.querySelector("textarea").value = words.join("\n");
    nodes.querySelector("h1").textContent = `What you typed for ${draft.title} is kept`;
    kept.keepDraft(draft.review, draft);
    return { nodes, card: "orphan", draft: draft.review };
  };

  // ---- something comes into sight
  const show = (one, said = "") => {
    sight.isDry = false;
    sight.isPainted = false;
    desk.setAttribute("aria-busy", "true");
    desk.classList.remove("is-waiting");
    const { nodes, ...rest } = one;
    sight.here = rest;
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
    sight.isPainted = true;
    sight.here.seen ??= performance.now();
    desk.removeAttribute("aria-busy");
    desk.dispatchEvent(new CustomEvent("desk:painted"));
  }, 0));

  const addressOf = (one) => {
    const only = desk.dataset.only ? `?task=${desk.dataset.only}` : "";
    return (one.review ? `${desk.dataset.home}${one.review}/` : desk.dataset.home) + only;
  };

  const dry = (said = "") => {
    sight.isDry = true;
    sight.isPainted = false;
    desk.setAttribute("aria-busy", "true");
    desk.classList.add("is-waiting");
    sight.here = { card: "dry", said };
    setTimeout(() => {
      const { here } = sight;
      if (!sight.isDry || here.card !== "dry" || here.isBehind) return;
      here.isBehind = true;
      place.replaceChildren(document.getElementById("desk-behind").content.cloneNode(true));
      heading().focus({ preventScroll: true });
    }, BEHIND_AFTER_MS);
  };

  const setBusy = (busy) => {
    sight.isBusy = busy;
    desk.classList.toggle("is-waiting", busy);
    if (busy) desk.setAttribute("aria-busy", "true");
    else if (sight.isPainted) desk.removeAttribute("aria-busy");
  };

  // Whether nobody has begun with what lies there.
  const isUntouched = () => {
    const { here } = sight;
    if (!here.review) return here.card !== "said" && here.card !== "orphan";
    const open = place.querySelector(".sheet").matches(".is-fixing, .is-rejecting, .is-marking, .is-listing");
    return !open && !kept.draft(here.review) && isFresh();
  };

  // ---- the line of what was said last
  const said = (nodes) => {
    document.getElementById("desk-said").replaceChildren(...nodes);
    desk.dispatchEvent(new CustomEvent("desk:said"));
  };

  const saidHere = (words, title) => {
    const line = document.getElementById("desk-undo").content.cloneNode(true);
    line.querySelector("[data-words]").textContent = words;
    line.querySelector("strong").textContent = title;
    said([line]);
  };

  return Object.assign(sight, {
    place, heading, isReady, isFresh, isUntouched, parsed, away, pieceOf, read, card, show, paint, dry, setBusy, said, saidHere,
  });
})();
