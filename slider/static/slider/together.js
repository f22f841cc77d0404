// Choosing many: a button for all of them, and how many are chosen. Without it each box is ticked by itself.
"use strict";
(() => {
  const form = document.getElementById("together");
  const all = form?.querySelector("[data-choose-all]");
  if (!all) return;
  const boxes = [...form.querySelectorAll("input[name='look']")];
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    form.querySelector("[data-chosen]").textContent = count ? `${count} chosen` : "";
    all.textContent = count === boxes.length ? "Choose none" : "Choose all";
  };
  all.hidden = false;
  all.addEventListener("click", () => {
    const check = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = check;
    tell();
    window.say(form.querySelector("[data-chosen]").textContent || "None chosen");
  });
  form.addEventListener("change", tell);
  tell();
})();
