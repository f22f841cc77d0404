// The slider's two axes, linear and nines: where a share stands, which share stands there, and how far a key goes.
"use strict";

window.axis = (() => {
  const NINES = 3;
  const NINES_PART = 0.9; // the even steps end at 99.9 %; what is left goes to 100 %, as in views/chart.py
  const EDGE = 10 ** -NINES;
  const WHOLE = 10_000; // shares are moved in hundredths of a per cent, which whole numbers keep exactly

  const position = (share, nines) => {
    if (!nines) return share;
    const people = 1 - share;
    return people >= EDGE ? (-Math.log10(people) / NINES) * NINES_PART : 1 - (people / EDGE) * (1 - NINES_PART);
  };

  const shareAt = (part, nines) => {
    if (!nines) return part;
    return part <= NINES_PART ? 1 - 10 ** ((-part / NINES_PART) * NINES) : 1 - ((1 - part) / (1 - NINES_PART)) * EDGE;
  };

  // Half a per cent, a tenth from 90 % on, a hundredth from 99 % on: there each step is a large part of what is left.
  const fine = (units) => (units < 9000 ? 50 : units < 9900 ? 10 : 1);

  const within = (units) => Math.min(WHOLE, Math.max(0, units)) / WHOLE;
  const snapped = (share) => {
    const step = fine(share * WHOLE);
    return within(Math.round((share * WHOLE) / step) * step);
  };

  // The next share that stands on its step, up or down.
  const stepped = (share, up) => {
    const units = Math.round(share * WHOLE * 1e4) / 1e4;
    if (up) {
      const step = fine(units);
      return within((Math.floor(units / step) + 1) * step);
    }
    const step = fine(units - 1);
    return within((Math.ceil(units / step) - 1) * step);
  };

  // The next cut of the evidence's grid, up or down.
  const cut = (share, up, cuts) =>
    up ? cuts.find((at) => at > share + 1e-9) ?? 1 : cuts.findLast((at) => at < share - 1e-9) ?? 0;

  // Where a key on the range leads to; undefined for keys that it leaves alone.
  const keyed = (key, share, cuts) => {
    switch (key) {
      case "ArrowRight": case "ArrowUp": return stepped(share, true);
      case "ArrowLeft": case "ArrowDown": return stepped(share, false);
      case "PageUp": return cut(share, true, cuts);
      case "PageDown": return cut(share, false, cuts);
      case "Home": return 0;
      case "End": return 1;
      default: return undefined;
    }
  };

  return { position, shareAt, snapped, keyed };
})();
