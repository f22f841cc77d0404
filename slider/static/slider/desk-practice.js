// Practice with the desk's own keys: nothing waits ahead, and each answer is shown before anything else is.
"use strict";
window.kept = { draft: () => null, keepDraft() {} };
window.ahead = (() => {
  const desk = document.getElementById("desk");
  const trouble = document.getElementById("desk-trouble");
  let isBusy = false;

  const complain = (words) => {
    trouble.querySelector("span").textContent = words;
    trouble.hidden = false;
  };

  const decide = async (form, pairs) => {
    isBusy = true;
    desk.setAttribute("aria-busy", "true");
    const body = new FormData();
    for (const [name, value] of pairs) body.append(name, value);
    const csrf = document.querySelector("meta[name=csrf-token]").content;
    try {
      const response = await fetch(form.action, {
        method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": csrf },
      });
      if (response.headers.has("X-Desk-Address")) show(await response.text(), response);
      else complain("That did not work: load the page anew, and sign in again if you are asked to.");
    } catch {
      complain("The server can't be reached. Nothing was sent; try again.");
    }
    isBusy = false;
    desk.removeAttribute("aria-busy");
  };

  const show = (html, response) => {
    trouble.hidden = true;
    const template = document.createElement("template");
    template.innerHTML = html;
    desk.replaceChildren(template.content);
    history.replaceState(null, "", response.headers.get("X-Desk-Address"));
    scrollTo(0, 0);
    const title = document.getElementById("sheet-title")?.textContent.trim() || "Practice";
    document.title = `${title} · Slider`;
    desk.dispatchEvent(new CustomEvent("desk:arrived", { detail: { isNew: true } }));
    window.say(desk.querySelector("[role=alert], .error")?.textContent.trim() || title);
  };

  return { begin() {}, decide, step: decide, undo() {}, take() {}, showBack() {}, typed() {}, isReady: () => !isBusy };
})();
