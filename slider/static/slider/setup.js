// The form of a new task shows one way of describing it at a time; without this script both stand there.
"use strict";

(() => {
  const radios = document.querySelectorAll('input[name="kind"]');
  const show = () => {
    const kind = document.querySelector('input[name="kind"]:checked')?.value;
    for (const part of document.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== kind;
  };
  for (const radio of radios) radio.addEventListener("change", show);
  show();
})();
