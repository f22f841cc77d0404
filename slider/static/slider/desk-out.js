// Decisions on their way to the server: kept in this browser first, sent one after the other, tried again until answered.
// The claim's token makes a second sending harmless.
"use strict";
window.outbox = (() => {
  const desk = document.getElementById("desk");
  const trouble = document.getElementById("desk-trouble");
  const LONGEST_WAIT_S = 30;
  const TOO_LONG_MS = 20_000;
  let entries = []; // this page's, oldest first
  let flying = null;
  let wait = 1;
  let timer = 0;
  let asked = 0; // so many requests were made

  const tell = (name, detail) => desk.dispatchEvent(new CustomEvent(name, { detail }));
  const grip = (entry) => `${entry.review}:${entry.token}`;
  const unsent = () => entries.filter((entry) => !entry.refused);

  // ---- how this page asks: always with its name, and with the token that the browser has now, after a new sign-in too
  const token = () =>
    /(?:^|; )(?:__Host-)?csrftoken=([^;]+)/.exec(document.cookie)?.[1] || document.querySelector("meta[name=csrf-token]").content;

  const bodyOf = (pairs) => {
    const body = new FormData();
    for (const [name, value] of pairs) body.append(name, value);
    body.set("page", window.kept.page);
    body.set("person", window.kept.person);
    body.set("number", asked);
    return body;
  };

  // The last word of a page that closes; what it asked for before and is still on its way comes too late.
  const leave = (address, pairs) => {
    if (asked) navigator.sendBeacon(address, bodyOf([...pairs, ["csrfmiddlewaretoken", token()]]));
  };

  // The answer with its text, or why there is none: "away" or "ill" are tried again, "out" asks for a sign-in.
  const post = async (address, pairs) => {
    asked += 1;
    try {
      const headers = { "HX-Request": "true", "X-CSRFToken": token() };
      const signal = AbortSignal.timeout(TOO_LONG_MS);
      const response = await fetch(address, { method: "POST", body: bodyOf(pairs), headers, signal });
      if (response.status >= 500 || response.status === 429) return { why: "ill" };
      if (response.headers.has("X-Desk-Address")) return { response, text: await response.text() };
      return { why: response.redirected || response.status === 403 ? "out" : "no", status: response.status };
    } catch {
      return { why: "away" };
    }
  };

  // ---- words in sight for as long as something waits
  const WORDS = {
    away: "the server can't be reached.",
    ill: "the server had a problem.",
    out: "you are signed out. Sign in again, and it is sent.",
  };

  const complain = (why, seconds) => {
    const count = unsent().length;
    const what = count ? `${count} ${count === 1 ? "decision is" : "decisions are"} waiting to be saved` : "Nothing new can be fetched";
    const again = why === "out" ? "" : ` Trying again in ${seconds} s.`;
    trouble.querySelector("span").textContent = `${what}: ${WORDS[why]}${again}`;
    trouble.querySelector("[data-sign-in]").hidden = why !== "out";
    trouble.hidden = false;
  };
  const calm = () => { trouble.hidden = true; };

  // ---- sending
  const later = (why) => {
    complain(why, wait);
    timer = setTimeout(send, wait * 1000);
    wait = Math.min(wait * 2, LONGEST_WAIT_S);
  };

  const send = async () => {
    const entry = unsent()[0];
    if (flying || !entry) return;
    clearTimeout(timer);
    flying = entry;
    entry.tries = (entry.tries || 0) + 1;
    window.kept.keepEntry(entry);
    const answer = await post(entry.address, entry.body);
    flying = null;
    if (["away", "ill", "out"].includes(answer.why)) return later(answer.why);
    wait = 1;
    calm();
    settle(entry, answer);
    send();
  };

  const settle = (entry, { response, text, status }) => {
    const outcome = response?.headers.get("X-Desk-Outcome") || "";
    if (outcome === "saved" || outcome === "aside") {
      remove(entry);
      window.kept.dropDraft(entry.review);
    } else {
      entry.refused = true; // kept until the person has done with what comes back
      window.kept.keepEntry(entry);
      count();
    }
    if (outcome === "saved") tell("desk:saved", { entry, response, text, isLast: unsent().length === 0 });
    else tell("desk:back", { entry, response, text, status });
  };

  // How many are on their way stands on the desk, for whoever waits for it.
  const count = () => {
    const left = unsent().length;
    if (left) desk.dataset.unsaved = left;
    else delete desk.dataset.unsaved;
  };

  const remove = (entry) => {
    entries = entries.filter((other) => other !== entry);
    window.kept.dropEntry(entry);
    count();
  };

  const put = (entry) => {
    for (const old of entries.filter((other) => other.refused && other.review === entry.review)) remove(old);
    entries.push(entry);
    window.kept.keepEntry(entry); // before anything changes on the page
    count();
    send();
  };

  // The newest decision, if it was never sent, is this page's own to take back.
  const newest = () => unsent().at(-1);
  const recall = () => {
    const entry = newest();
    if (!entry || entry.tries) return null;
    remove(entry);
    if (!unsent().length) calm();
    return entry;
  };

  // What other pages left behind when they were closed.
  const adopt = () => {
    for (const entry of window.kept.entries()) {
      if (!window.kept.isOrphan(entry.page)) continue;
      Object.assign(entry, { refused: false, page: window.kept.page });
      entries.push(entry);
      window.kept.keepEntry(entry);
    }
    count();
    send();
  };

  const now = () => {
    wait = 1;
    send();
  };
  trouble.querySelector("[data-again]").addEventListener("click", () => { now(); tell("desk:again"); });
  addEventListener("online", now);
  addEventListener("focus", now);
  addEventListener("beforeunload", (event) => { if (!window.kept.isSafe()) event.preventDefault(); });

  return {
    post, leave, put, adopt, recall, newest, remove, complain, calm,
    isFlying: () => Boolean(flying),
    isIdle: () => unsent().length === 0,
    has: (review) => entries.some((entry) => entry.review === review && !entry.refused),
    grips: () => unsent().map(grip),
    kept: () => entries.map(grip), // what was refused as well, until the person has done with it
  };
})();
