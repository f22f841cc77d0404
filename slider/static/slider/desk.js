// The review desk: what stands open, what is sent, and drafts that outlive the page.
// Without this script every form and link of the desk works by itself.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const dialog = document.getElementById("keys");
  const LOOK_AGAIN_EVERY_S = 15;
  const GIVING = ["handing", "flagging"]; // the forms that give the look to somebody else
  const place = document.getElementById("desk-piece");
  const { kept, ahead } = window;

  const sheet = () => desk.querySelector(".sheet");
  const find = (selector) => desk.querySelector(selector);
  const heading = () => document.getElementById("sheet-title");
  const focusHeading = () => heading()?.focus({ preventScroll: true });

  // ---- drafts: what is typed, notes that go with it too, is kept until it is saved, through sign-outs, reloads and closed tabs
  const keepDraft = () => {
    const form = find("[data-keep]");
    if (!form) return;
    const typed = [...new FormData(form)].filter(([name]) => name.startsWith("f.") || name === "note");
    const given = notes();
    const at = GIVING.find(isOpen) || "fixing";
    const { review, token } = sheet().dataset;
    kept.keepDraft(review, { token, title: heading().textContent.trim(), typed, given, at });
    ahead.typed();
  };

  const noteOf = (what) => find(`.desk-bar-row.${what} textarea`);
  const notes = () => GIVING.map((what) => [what, noteOf(what)?.value]).filter(([, text]) => text);
  const putBack = (given) => { for (const [what, text] of given || []) if (noteOf(what)) noteOf(what).value = text; };

  const restoreDraft = () => {
    const draft = sheet() && kept.draft(sheet().dataset.review);
    if (!draft) return false;
    if (hasOtherRows(draft.typed)) return redraw(draft);
    fill(draft);
    open(noteOf(draft.at) ? draft.at : "fixing");
    keepDraft(); // it is this page's from now on
    window.say("What you had typed for this item is back.");
    return true;
  };

  const fill = (draft) => {
    for (const [name, text] of draft.typed) {
      for (const input of find("[data-keep]").elements) {
        if (input.name !== name) continue;
        if (input.type === "radio") input.checked = input.value === text;
        else input.value = text;
      }
    }
    putBack(draft.given);
  };

  // A note that was refused comes with the words why; what else is half typed for the look stays with it.
  const fillBeside = (wrong) => {
    const draft = wrong.closest(".desk-bar-row") && kept.draft(sheet().dataset.review);
    if (draft && !hasOtherRows(draft.typed)) fill(draft);
  };

  const hasOtherRows = (typed) => {
    const inputs = [...find("[data-keep]").elements];
    const shape = new Map(inputs.map((input) => [input.name, input.value]));
    return typed.some(([name, text]) => !shape.has(name) || (/~[a-z]+$/.test(name) && shape.get(name) !== text));
  };

  // The server draws a form with other rows; what is typed goes there and back.
  const reshape = async (form, pairs, given) => {
    const noted = given || notes();
    if (!(await ahead.step(form, pairs))) return;
    putBack(noted);
    keepDraft();
  };

  const redraw = ({ typed, given }) => {
    const form = find("[data-keep]");
    const own = [...new FormData(form)].filter(([name]) => !name.startsWith("f.") && name !== "note");
    desk.addEventListener("desk:painted", () => reshape(form, [...own, ...typed, ["reshape", "same:"]], given), { once: true });
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
    for (const giving of GIVING) item.classList.toggle(`is-${giving}`, what === giving);
    if (what === "fixing") {
      const marked = find(".fixing [aria-invalid]");
      const first = find(".fixing [autofocus]") || find(".fixing :is(input[type=radio]:checked, input:not([type=hidden], [type=radio]), select, textarea)");
      reveal(marked || first);
    } else if (GIVING.includes(what)) {
      find(`.desk-bar-row.${what} :is(select, textarea)`).focus();
    } else if (what === "rejecting") {
      document.getElementById("reject-title").focus();
    } else {
      focusHeading();
    }
  };
  const isOpen = (what) => sheet()?.classList.contains(`is-${what}`);

  // ---- a new piece in the page
  desk.addEventListener("desk:arrived", () => {
    const wrong = find("[aria-invalid]");
    if (wrong) fillBeside(wrong);
    if (wrong) reveal(wrong);
    else if (!restoreDraft()) isOpen("fixing") ? open("fixing") : focusHeading();
  });

  // ---- deciding: what is sent, and in which words it is told
  const SAID = { accept: "Accepted", lucky: "Accepted, right for the wrong reason", fix: "Fixed", reject: "Rejected" };

  const wordsOf = (form, body) => {
    if (form.action.endsWith("/skip")) return "Skipped";
    if (form.action.endsWith("/hand")) return "Handed on";
    if (form.action.endsWith("/flag")) return "Flagged";
    if (body.has("pick")) return SAID.fix;
    return SAID[String(body.getAll("verdict").at(-1)).split(":")[0]] || SAID.fix;
  };

  desk.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-undo], [data-decide], [data-step], [data-take]")) event.preventDefault();
    if (form.matches("[data-undo]")) ahead.undo();
    else if (form.matches("[data-decide], [data-step]")) decide(form, event.submitter);
    else if (form.matches("[data-take]")) ahead.take();
  });

  const decide = (form, button) => {
    if (!ahead.isReady()) return;
    const body = new FormData(form);
    if (button?.name) body.append(button.name, button.value);
    desk.dispatchEvent(new CustomEvent("desk:sending", { detail: { form, body } })); // marks go with every verdict
    if (form.matches("[data-keep]")) keepDraft();
    const pairs = [...body].filter(([name]) => name !== "csrfmiddlewaretoken");
    if (button?.name === "reshape") return reshape(form, pairs);
    if (form.matches("[data-step]")) ahead.step(form, pairs);
    else ahead.decide(form, pairs, wordsOf(form, body));
  };

  // ---- clicks; the keys are in desk-keys.js
  desk.addEventListener("click", (event) => {
    if (event.target.closest("[data-recall]")) return ahead.undo();
    if (event.target.closest("[data-drop]")) return ahead.take();
    if (event.target.closest("[data-show-back]")) return ahead.showBack();
    const link = event.target.closest("a[data-key], a[data-leave], a[data-keys]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.matches("[data-keys]")) dialog.showModal();
    else if (link.dataset.key === "e") open("fixing");
    else if (link.dataset.key === "r") open("rejecting");
    else if (link.dataset.key === "h") open("handing");
    else if (link.dataset.key === "f") open("flagging");
    else open("reading");
  });

  // The second click of a double one was meant for what has just gone, not for what lies there now.
  desk.addEventListener("click", (event) => {
    if (event.detail < 2 || !event.target.closest("[type=submit]")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

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

  const NOTES = GIVING.map((what) => `.${what} textarea`).join();
  desk.addEventListener("input", ({ target }) => { if (target.form?.matches("[data-keep]") || target.matches(NOTES)) keepDraft(); });

  // The form that is typed in: there a key is a letter.
  const typing = () => {
    if (isOpen("fixing")) return find(".fixing");
    const giving = GIVING.find(isOpen);
    return giving ? find(`.desk-bar-row.${giving}`) : null;
  };

  window.keys.listen({ open, isOpen, typing, isResting: () => !ahead.isReady() });

  // ---- an empty desk looks again by itself: what it says must stay true
  const lookAgain = async () => {
    if (sheet() || !ahead.isReady() || document.hidden || find(".desk-lost")) return;
    try {
      const response = await fetch(location.href, { headers: { "HX-Request": "true" } });
      const html = response.headers.has("X-Desk-Address") ? await response.text() : "";
      const found = new DOMParser().parseFromString(html, "text/html").body.querySelector(".desk-empty");
      const shown = find(".desk-empty");
      if (!found || !shown || !ahead.isReady() || found.textContent === shown.textContent) return;
      const before = heading().textContent.trim();
      const hadFocus = place.contains(document.activeElement);
      shown.replaceWith(found);
      const after = heading().textContent.trim();
      if (hadFocus || after !== before) focusHeading();
      if (after !== before) window.say(after);
    } catch {
      // The page stays as it is until the server answers again.
    }
  };

  setInterval(lookAgain, LOOK_AGAIN_EVERY_S * 1000);

  const wrong = find("[aria-invalid]");
  if (!wrong && !restoreDraft() && sheet() && !isOpen("fixing")) focusHeading();
  ahead.begin();
})();
