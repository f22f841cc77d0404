// Whoever asked for a file waits for it on this page: it is downloaded once, as soon as it is there.
"use strict";

{
  const look = () => {
    const form = document.querySelector("form[data-download]");
    if (!form) return;
    const name = `slider-export-${form.dataset.download}`;
    delete form.dataset.download;
    history.replaceState(null, "", location.pathname); // a reload of the page is no second wish
    if (sessionStorage.getItem(name)) return;
    sessionStorage.setItem(name, "1");
    window.say("The file is ready and is being downloaded.");
    form.requestSubmit();
  };
  document.addEventListener("htmx:afterSettle", look);
  look();
}
