// What every page shares: the theme, the token that changes need, and one polite voice.
"use strict";

// The one live region: say(text) tells people who don't see the page what happened.
window.say = (text) => {
  const live = document.getElementById("live");
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
};

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") {
    event.detail.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id === "banners") return; // it asks again by itself, and nobody was waiting for it
  if (event.detail.failed && ![409, 422].includes(event.detail.xhr.status)) {
    window.say("That did not reach the server. Nothing was changed; try again.");
  }
});

// Banners come while a page is open: what is new is said, and the focus is not lost with what was put away.
{
  const told = new Set();
  const shown = () => document.querySelectorAll("#banners [data-notice]");
  for (const banner of shown()) told.add(banner.dataset.notice);
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Whoever was signed out meanwhile gets the door instead: that is no banner.
    if (event.detail.target.id === "banners" && !event.detail.xhr.responseText.includes('id="banners"')) {
      event.detail.shouldSwap = false;
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "banners") return;
    const fresh = [...shown()].filter((banner) => !told.has(banner.dataset.notice));
    for (const banner of fresh) told.add(banner.dataset.notice);
    if (fresh.length) window.say(fresh.map((banner) => banner.querySelector("p").textContent).join(" ").replace(/\s+/g, " "));
    if (document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
  });
}

for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    window.say(`The page is ${root.dataset.theme} now.`);
  });
}

// A menu closes when the focus leaves it, with Escape, and with a click elsewhere.
for (const menu of document.querySelectorAll("details.menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

// A field that was refused is where the person goes on; its <details> must be open for that.
const refused = document.querySelector("[aria-invalid='true']");
if (refused) {
  const fold = refused.closest("details");
  if (fold) fold.open = true;
  refused.focus();
}

// Copying is a convenience: without it the text can still be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    window.say("Copied.");
  });
}
