// Marks on the desk: a field or a passage is chosen with the arrows or selected, and a number says what is wrong with it.
// Without this script the page "All in a list" does the same.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const { characters, offsetOf, rangeOf } = window.stored;
  const LONGEST_SHOWN = 90;
  const KEPT = 12; // items whose marks this browser remembers: a decision that is taken back finds them again
  let marks = []; // what is sent, with the words that the page shows for it
  let review = "";
  let target = null; // what a number would mark
  let place = -1; // which of the stops the arrows are at

  const sheet = () => desk.querySelector(".sheet");
  const find = (selector) => desk.querySelector(selector);
  const all = (selector) => [...desk.querySelectorAll(selector)];
  const isMarking = () => Boolean(sheet()?.classList.contains("is-marking"));
  const storedAs = () => `marks:${desk.dataset.person}`;
  const kept = () => JSON.parse(localStorage.getItem(storedAs()) || "[]");

  // ---- what can be marked
  const shortened = (text) => (text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);

  const passage = (holder, start, end) => {
    const text = characters(holder);
    while (start < end && /\s/.test(text[start])) start += 1;
    while (end > start && /\s/.test(text[end - 1])) end -= 1;
    if (start >= end) return null;
    const quote = shortened(text.slice(start, end).join(""));
    return { kind: "span", side: holder.dataset.side, path: holder.dataset.path, start, end, words: `“${quote}”`, holder };
  };

  const field = (line) => ({ kind: "field", side: "answer", path: line.dataset.field, words: line.querySelector("dt").textContent.trim(), line });

  const sentences = (holder) => {
    const found = [];
    let at = 0;
    for (const piece of characters(holder).join("").split(/(?<=[.!?])(?=\s)|(?<=[。！？\n])/)) {
      const size = [...piece].length;
      const one = passage(holder, at, at + size);
      if (one) found.push(one);
      at += size;
    }
    return found;
  };

  const stops = () => [
    ...all(".line[data-field]").flatMap((line) => {
      const holder = line.querySelector("[data-side]");
      const parts = holder ? sentences(holder) : [];
      return [field(line), ...(parts.length > 1 ? parts : [])];
    }),
    ...all(".source [data-side]").flatMap(sentences),
  ];

  const selected = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const holder = all("[data-side]").find((one) => range.intersectsNode(one));
    if (!holder) return null;
    const whole = document.createRange();
    whole.selectNodeContents(holder);
    const starts = range.compareBoundaryPoints(Range.START_TO_START, whole) > 0;
    const ends = range.compareBoundaryPoints(Range.END_TO_END, whole) < 0;
    return passage(
      holder,
      starts ? offsetOf(holder, range.startContainer, range.startOffset, false) : 0,
      ends ? offsetOf(holder, range.endContainer, range.endOffset, true) : characters(holder).length,
    );
  };

  const same = (one, other) =>
    one.path === other.path && one.side === other.side && one.start === other.start && one.end === other.end;

  const aim = (chosen) => {
    target = chosen;
    for (const line of all(".line")) line.classList.toggle("is-chosen", line === chosen?.line);
    const title = document.getElementById("mark-title");
    if (title) title.textContent = chosen ? chosen.words : "Mark a field or a passage";
  };

  // Into sight: within its own half where that scrolls, and then above the bar, which lies on the page.
  const reveal = (range, pane) => {
    const within = pane.getBoundingClientRect();
    const floor = Math.min(within.bottom, find(".desk-bar").getBoundingClientRect().top);
    const box = range.getBoundingClientRect();
    if (box.bottom > floor) pane.scrollTop += box.bottom - floor + 12;
    else if (box.top < within.top) pane.scrollTop += box.top - within.top - 12;
    const now = range.getBoundingClientRect();
    const bar = find(".desk-bar").getBoundingClientRect().top;
    if (now.bottom > bar) scrollBy(0, now.bottom - bar + 12);
    else if (now.top < 0) scrollBy(0, now.top - 12);
  };

  const step = (by) => {
    const found = stops();
    if (!found.length) return;
    place = (place + by + found.length + (place < 0 && by < 0 ? 1 : 0)) % found.length;
    const chosen = found[place];
    const selection = getSelection();
    selection.removeAllRanges();
    const range = document.createRange();
    if (chosen.line) range.selectNode(chosen.line);
    else selection.addRange(rangeOf(chosen.holder, chosen.start, chosen.end));
    aim(chosen);
    reveal(chosen.line ? range : selection.getRangeAt(0), (chosen.line || chosen.holder).closest(".sheet-card"));
    window.say(chosen.line ? `Field ${chosen.words}` : chosen.words);
  };

  // ---- marks
  const mark = (button) => {
    if (!target) return window.say("Choose something first: select a text, or use the arrows.");
    const code = button.dataset.code || "";
    if (target.kind === "span" && !code) return window.say("Only a field can be right: a passage takes a reason.");
    const kind = target.kind === "span" ? "span" : code ? "wrong" : "right";
    const made = { kind, side: target.side, path: target.path };
    if (kind === "span") Object.assign(made, { start: target.start, end: target.end });
    if (code) made.reason = code;
    const said = `${target.words}: ${button.dataset.words || "right"}`;
    const isThere = marks.some((one) => same(one, made) && one.kind === kind && one.reason === made.reason);
    const isOneOf = (one) => same(one, made) && (kind !== "span" || one.reason === made.reason);
    marks = marks.filter((one) => !isOneOf(one));
    if (!isThere) marks.push({ ...made, said });
    window.say(isThere ? `No longer marked. ${said}` : `Marked. ${said}`);
    draw();
  };

  const draw = () => {
    const list = document.getElementById("marked");
    if (!list) return;
    list.replaceChildren(...marks.map((one) => {
      const line = document.createElement("li");
      const away = document.createElement("button");
      away.type = "button";
      away.className = "btn btn-small btn-quiet";
      away.textContent = "Remove";
      away.setAttribute("aria-label", `Remove the mark ${one.said}`);
      away.addEventListener("click", () => {
        marks = marks.filter((other) => other !== one);
        draw();
        document.getElementById(isMarking() ? "mark-title" : "sheet-title").focus();
      });
      line.append(one.said, away);
      return line;
    }));
    find("#marked-count").textContent = marks.length ? `(${marks.length})` : "";
    const others = kept().filter(([id]) => id !== review);
    localStorage.setItem(storedAs(), JSON.stringify([...others, ...(marks.length ? [[review, marks]] : [])].slice(-KEPT)));
    if (!CSS.highlights) return;
    const spans = marks.filter((one) => one.kind === "span").flatMap((one) => {
      const holder = all("[data-side]").find((text) => text.dataset.side === one.side && text.dataset.path === one.path);
      return holder ? [rangeOf(holder, one.start, one.end)] : [];
    });
    CSS.highlights.set("marked", new Highlight(...spans));
  };

  // ---- the bar
  const enter = () => {
    const chosen = selected();
    for (const fold of all(".compare")) fold.open = false; // a passage is marked in the whole text
    sheet().classList.add("is-marking");
    place = -1;
    aim(chosen);
    document.getElementById("mark-title").focus({ preventScroll: true });
  };

  const leave = () => {
    sheet()?.classList.remove("is-marking");
    aim(null);
  };

  const leaveToSheet = () => {
    leave();
    getSelection().removeAllRanges();
    document.getElementById("sheet-title").focus({ preventScroll: true });
  };

  document.addEventListener("selectionchange", () => {
    if (!isMarking()) return;
    const chosen = selected();
    if (chosen && !(target && target.kind === "span" && same(chosen, target))) aim(chosen);
  });

  desk.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const pressed = event.target.closest("[data-key], [data-leave], [data-step], [data-mark], .line");
    if (!pressed) return;
    if (pressed.dataset.key === "m" && document.getElementById("mark-title")) {
      event.preventDefault();
      event.stopPropagation();
      if (isMarking()) leaveToSheet();
      else enter();
    } else if (!isMarking()) {
      return;
    } else if (pressed.matches("[data-step]")) {
      step(Number(pressed.dataset.step));
    } else if (pressed.matches("[data-mark]")) {
      mark(pressed);
    } else if (pressed.matches(".line")) {
      if (getSelection().isCollapsed && pressed.dataset.field !== undefined) aim(field(pressed));
    } else {
      leave();
    }
  }, true);

  // A press on the bar must not take the selection away.
  desk.addEventListener("mousedown", (event) => { if (event.target.closest(".marking button")) event.preventDefault(); });

  const typedInNote = (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault(); // Enter in the note sends nothing: nothing is decided yet
    event.stopPropagation();
    document.getElementById("mark-title").focus();
  };

  document.addEventListener("keydown", (event) => {
    if (!isMarking() || document.getElementById("keys").open || event.isComposing) return;
    if (event.target.matches("input, textarea, select")) return typedInNote(event);
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const number = window.keys.digit(event);
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const isLucky = window.keys.deed(event) === "l";
    if (by) step(by);
    else if (number && !event.repeat) find(`[data-mark="${number}"]`)?.click();
    else if (isLucky && !event.repeat) find("[data-lucky]")?.click();
    else if (event.key === "Escape") leaveToSheet();
    else if (!number) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // ---- with every verdict, whichever form it stands in
  desk.addEventListener("desk:sending", (event) => {
    const { form, body } = event.detail;
    for (const { said, ...made } of marks) body.append("mark", JSON.stringify(made));
    const listed = document.getElementById("fix-form")?.elements || []; // the lists of the page that has them
    if (form.id !== "fix-form") for (const one of listed) if (one.name === "mark" && one.value) body.append("mark", one.value);
    const note = document.getElementById("fix-note")?.value;
    if (note && form.id !== "fix-form" && !body.has("note")) body.append("note", note);
  });

  const arrive = () => {
    const id = sheet()?.dataset.review || "";
    review = id;
    target = null;
    place = -1;
    marks = kept().find(([other]) => other === id)?.[1] || [];
    if (CSS.highlights) CSS.highlights.delete("marked");
    draw();
  };

  desk.addEventListener("desk:arrived", arrive);
  arrive();
})();
