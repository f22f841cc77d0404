// Deciding and taking back: what is decided is kept first, then the next look is there, and the sending goes on behind.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const { kept, outbox, sight, ahead } = window;
  const PASSED_ON = ["Skipped", "Handed on", "Flagged"]; // these can't be taken back
  let wantsUndo = false;

  const decide = (form, pairs, words) => {
    const { here } = sight;
    if (!sight.isReady() || !here.review) return;
    const title = sight.heading().textContent.trim();
    const seen = Math.round(performance.now() - (here.seen ?? performance.now()));
    const { review, token, task, ends } = here;
    const body = [...pairs, ["seen_ms", String(seen)]];
    const entry = { review, token, task, title, words, address: new URL(form.action).pathname, body };
    outbox.put(entry);
    entry.node = { ...here, nodes: sight.away(), ends };
    sight.here = { card: "dry", near: task };
    const canBeUndone = entry.node.nodes.querySelector(".sheet").dataset.takeBackS !== "0";
    if (!PASSED_ON.includes(words) && canBeUndone) sight.saidHere(words, title);
    ahead.next(`${words}: ${title}.`);
  };

  // ---- what came back unsaved: at once, if nobody has begun to look at another, else next
  const back = ({ detail: { entry, text, status } }) => {
    const nodes = text ? sight.pieceOf(sight.parsed(text)) : null;
    const isDrawn = Boolean(nodes?.childNodes.length);
    const typed = entry.body.filter(([name]) => name.startsWith("f.") || name === "note" || name === "reason");
    const one = isDrawn
      ? sight.read(nodes, { entry, ends: performance.now() + ahead.leaseMs })
      : { ...sight.card({ review: entry.review, token: entry.token, title: entry.title, typed }), entry };
    // What is half typed is no part of what was refused: it comes after it.
    const half = one.review ? null : kept.draft(entry.review);
    const isFix = typed.some(([name]) => name.startsWith("f."));
    const after = isDrawn && half && !isFix ? [sight.card({ ...half, review: entry.review })] : [];
    if (!isDrawn && status) one.nodes.querySelector("p").textContent = `The server refused it (${status}). Nothing was saved.`;
    wantsUndo = false;
    sight.setBusy(false);
    if (outbox.isIdle()) sight.said(text ? [...(sight.parsed(text).querySelector("#desk-said")?.childNodes || [])] : []);
    if (sight.isUntouched()) {
      ahead.putBack();
      ahead.waiting.unshift(...after);
      sight.show(one, `${entry.title} comes back.`);
    } else {
      ahead.waiting.unshift(one, ...after);
      const line = document.getElementById("desk-came-back").content.cloneNode(true);
      line.querySelector("strong").textContent = entry.title;
      document.getElementById("desk-said").prepend(line);
      window.say(`${entry.title} was not saved and comes back next.`);
    }
  };
  desk.addEventListener("desk:back", back);

  // ---- undo: what was never sent is simply not sent; the rest is the server's to take back
  const undo = () => {
    const form = desk.querySelector("form[data-undo]");
    if (!sight.isPainted || sight.isBusy) return;
    const entry = outbox.recall();
    if (entry?.node) {
      ahead.putBack();
      sight.said([]);
      sight.show(entry.node, `Taken back: ${entry.title}.`);
    } else if (outbox.isFlying() || entry) {
      wantsUndo = true;
      sight.setBusy(true);
    } else if (!outbox.isIdle()) {
      window.say("It can be taken back once the server can be reached.");
    } else if (form) {
      undoThere(form);
    }
  };

  const undoThere = async (form) => {
    const answer = await insist(form.action, [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken"));
    if (!answer) return;
    const words = JSON.parse(answer.response.headers.get("X-Desk-Said") || '""');
    const whole = sight.parsed(answer.text);
    if (answer.response.headers.get("X-Desk-Outcome") === "late") {
      sight.said(whole.childNodes);
      return window.say(words);
    }
    sight.said(whole.querySelector("#desk-said").childNodes);
    ahead.putBack();
    sight.show(sight.read(sight.pieceOf(whole), { ends: performance.now() + ahead.leaseMs }), words);
    ahead.refill();
  };

  desk.addEventListener("desk:saved", ({ detail: { text, isLast } }) => {
    if (isLast) sight.said(sight.parsed(text).childNodes);
    if (!wantsUndo) return;
    wantsUndo = false;
    sight.setBusy(false);
    const form = desk.querySelector("form[data-undo]");
    if (form) undoThere(form);
  });

  // Asked until it is answered; meanwhile nothing else can be done. Nothing when it is refused.
  const insist = async (address, pairs) => {
    sight.setBusy(true);
    let answer = await outbox.post(address, pairs);
    for (let pause = 1; answer.why === "away" || answer.why === "ill"; pause = Math.min(pause * 2, 30)) {
      outbox.complain(answer.why, pause);
      await new Promise((done) => setTimeout(done, pause * 1000));
      answer = await outbox.post(address, pairs);
    }
    sight.setBusy(false);
    if (answer.why) return outbox.complain(answer.why === "no" ? "ill" : answer.why, 1);
    outbox.calm();
    return answer;
  };

  // What belongs to the look in sight and is no verdict yet: the piece that answers it takes its place. True if it does.
  const step = async (form, pairs) => {
    if (!sight.isReady() || !sight.here.review) return false;
    const answer = await insist(form.action, pairs);
    if (!answer) return false;
    if (answer.response.ok) kept.dropDraft(sight.here.review);
    const words = JSON.parse(answer.response.headers.get("X-Desk-Said") || '""');
    if (answer.response.headers.get("X-Desk-Outcome") === "saved") {
      sight.said(sight.parsed(answer.text).childNodes);
      sight.here = { card: "dry", near: sight.here.task };
      ahead.next(words);
      return false;
    }
    sight.show(sight.read(sight.pieceOf(sight.parsed(answer.text)), { ends: sight.here.ends }), words);
    return answer.response.ok;
  };

  Object.assign(ahead, { decide, step, undo });
})();
