// The review desk: sending without a page load, retries, and drafts that outlive the page.
// Without this script every form and link of the desk works by itself.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const trouble = document.getElementById("desk-trouble");
  const dialog = document.getElementById("keys");
  const LONGEST_WAIT_S = 30;
  const LOOK_AGAIN_EVERY_S = 15;
  let sending = false; // one decision is on its way: keys rest
  let pending = null; // what failed and is to be sent again

  const sheet = () => desk.querySelector(".sheet");
  const find = (selector) => desk.querySelector(selector);
  const focusHeading = () => document.getElementById("sheet-title")?.focus({ preventScroll: true });

  // ---- drafts: what is typed stays in this tab until it is saved, through sign-outs and reloads
  const draftKey = () => `desk:${desk.dataset.person}:${sheet()?.dataset.review}`;

  const keepDraft = () => {
    const form = find("[data-keep]");
    if (!form) return;
    const typed = [...new FormData(form)].filter(([name]) => name.startsWith("f.") || name === "note");
    sessionStorage.setItem(draftKey(), JSON.stringify(typed));
  };

  const restoreDraft = () => {
    const kept = sheet() && sessionStorage.getItem(draftKey());
    if (!kept) return false;
    const typed = JSON.parse(kept);
    const names = new Set([...find("[data-keep]").elements].map((input) => input.name));
    const isOther = typed.some(([name, text]) => !names.has(name) || (/~[a-z]+$/.test(name) && find(`[data-keep] [name="${CSS.escape(name)}"]`).value !== text));
    if (isOther) return redraw(typed);
    for (const [name, text] of typed) {
      for (const input of find("[data-keep]").elements) {
        if (input.name !== name) continue;
        if (input.type === "radio") input.checked = input.value === text;
        else input.value = text;
      }
    }
    open("fixing");
    window.say("What you had typed for this item is back.");
    return true;
  };

  // A draft with other rows than the form has: the server draws it.
  const redraw = (typed) => {
    const form = find("[data-keep]");
    const body = new FormData(form);
    for (const [name] of [...body]) if (name.startsWith("f.") || name === "note") body.delete(name);
    for (const [name, text] of typed) body.append(name, text);
    body.append("reshape", "same:");
    sending = true;
    pending = { address: form.action, body, draft: "", wait: 1 };
    deliver();
    return true;
  };

  // The words under a field must be in sight with it.
  const reveal = (field) => {
    field?.focus({ preventScroll: true });
    field?.scrollIntoView({ block: "center" });
  };

  // ---- what stands open: reading, fixing or rejecting
  const open = (what) => {
    const item = sheet();
    if (!item) return;
    item.classList.toggle("is-fixing", what === "fixing");
    item.classList.toggle("is-rejecting", what === "rejecting");
    if (what === "fixing") {
      const marked = find(".fixing [aria-invalid]");
      const first = find(".fixing [autofocus]") || find(".fixing :is(input[type=radio]:checked, input:not([type=hidden], [type=radio]), select, textarea)");
      reveal(marked || first);
    } else if (what === "rejecting") {
      document.getElementById("reject-title").focus();
    } else {
      focusHeading();
    }
  };
  const isOpen = (what) => sheet()?.classList.contains(`is-${what}`);

  // ---- a new piece in the page
  const arrive = () => {
    desk.dispatchEvent(new CustomEvent("desk:arrived"));
    for (const form of desk.querySelectorAll("[data-decide]")) form.addEventListener("submit", submitted);
    return !find("[aria-invalid]") && restoreDraft();
  };

  const swap = (html, response) => {
    desk.innerHTML = html;
    const address = response.headers.get("X-Desk-Address");
    if (address) history.replaceState(null, "", address);
    scrollTo(0, 0);
    const heading = document.getElementById("sheet-title");
    document.title = `${heading?.textContent.trim() || "Desk"} · Slider`;
    const restored = arrive();
    const wrong = find("[aria-invalid]");
    if (wrong) reveal(wrong);
    else if (!restored) isOpen("fixing") ? open("fixing") : focusHeading();
    const said = JSON.parse(response.headers.get("X-Desk-Said") || '""');
    const waiting = document.querySelector(".top .count");
    if (waiting && response.headers.has("X-Desk-Waiting")) waiting.firstChild.data = response.headers.get("X-Desk-Waiting");
    window.say(`${said} ${find("[role=alert], .error")?.textContent.trim() || heading?.textContent.trim() || ""}`);
  };

  // ---- sending: the item stays until the server has said yes
  const submitted = (event) => {
    event.preventDefault();
    send(event.target, event.submitter);
  };

  const send = (form, button) => {
    if (sending) return;
    sending = true;
    const body = new FormData(form);
    if (button?.name) body.append(button.name, button.value);
    desk.dispatchEvent(new CustomEvent("desk:sending", { detail: { form, body } })); // marks go with every verdict
    const review = !form.matches("[data-undo]") && sheet()?.dataset.review; // an undo says nothing of what lies here
    pending = { address: form.action, body, draft: review ? draftKey() : "", wait: 1 };
    if (form.matches("[data-keep]")) keepDraft();
    desk.setAttribute("aria-busy", "true");
    deliver();
  };

  const deliver = async () => {
    const sent = pending;
    clearTimeout(sent.timer);
    let response;
    try {
      response = await fetch(sent.address, {
        method: "POST",
        body: sent.body,
        headers: { "HX-Request": "true", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content },
      });
    } catch {
      return later("Not saved: the server can't be reached.");
    }
    if (response.status >= 500 || response.status === 429) return later("Not saved: the server had a problem.");
    if (!response.headers.has("X-Desk-Address")) return stop(signedOut(response));
    const html = await response.text();
    settle();
    if (response.ok && sent.draft) sessionStorage.removeItem(sent.draft);
    swap(html, response);
    if (sent.body.has("reshape") && sheet()) keepDraft(); // a form with other rows is what is kept now
  };

  const settle = () => {
    sending = false;
    pending = null;
    desk.removeAttribute("aria-busy");
    trouble.hidden = true;
  };

  const complain = (words, again) => {
    trouble.querySelector("span").textContent = words;
    trouble.querySelector("button").hidden = !again;
    trouble.hidden = false;
  };

  const later = (words) => {
    const wait = pending.wait;
    pending.wait = Math.min(wait * 2, LONGEST_WAIT_S);
    pending.timer = setTimeout(deliver, wait * 1000);
    complain(`${words} The item stays here; trying again in ${wait} s.`, true);
  };

  const signedOut = (response) =>
    response.redirected
      ? "Not saved: you are signed out. What you typed is kept in this tab; sign in again and come back to this page."
      : `Not saved: the server refused it (${response.status}). What you typed is kept in this tab; load the page again.`;

  const stop = (words) => {
    if (isOpen("fixing")) keepDraft();
    settle();
    complain(words, false);
  };

  trouble.querySelector("[data-again]").addEventListener("click", () => pending && deliver());
  addEventListener("beforeunload", (event) => pending && event.preventDefault());

  // ---- clicks; the keys are in desk-keys.js
  desk.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-key], a[data-leave], a[data-keys]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.matches("[data-keys]")) dialog.showModal();
    else if (link.dataset.key === "e") open("fixing");
    else if (link.dataset.key === "r") open("rejecting");
    else open("reading");
  });

  // Links that act as buttons answer to the space bar as buttons do.
  desk.addEventListener("keydown", (event) => {
    if (event.code === "Space" && event.target.matches("a[role=button]")) {
      event.preventDefault();
      event.stopPropagation();
      event.target.click();
    }
  });

  // Another variant is chosen: its fields come at once.
  desk.addEventListener("change", (event) => {
    if (event.target.matches("[data-reshapes]")) event.target.closest(".variant").querySelector("[name=reshape]").click();
  });

  desk.addEventListener("input", (event) => { if (event.target.form?.matches("[data-keep]")) keepDraft(); });

  window.keys.listen({ open, isOpen, isResting: () => sending, sendFix: () => find(".fixing").requestSubmit() });

  // ---- an empty desk looks again by itself: what it says must stay true
  const lookAgain = async () => {
    if (sheet() || sending || document.hidden || find(".desk-lost")) return;
    try {
      const response = await fetch(location.href, { headers: { "HX-Request": "true" } });
      const html = response.headers.has("X-Desk-Address") ? await response.text() : "";
      const found = new DOMParser().parseFromString(html, "text/html").body;
      const words = (page) => page.querySelector(".desk-empty")?.textContent; // a countdown beside it is no news
      if (!html || sheet() || sending || words(found) === words(desk)) return;
      const heading = () => document.getElementById("sheet-title").textContent.trim();
      const before = heading();
      const hadFocus = desk.contains(document.activeElement);
      desk.replaceChildren(...found.childNodes);
      arrive();
      if (hadFocus || heading() !== before) focusHeading();
      if (heading() !== before) window.say(heading());
    } catch {
      // The page stays as it is until the server answers again.
    }
  };

  setInterval(lookAgain, LOOK_AGAIN_EVERY_S * 1000);

  arrive();
  if (!find("[aria-invalid]") && sheet() && !isOpen("fixing")) focusHeading();
  find("[data-take-itself]")?.requestSubmit();
})();
