"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const findings = all("#findings ~ .finding");
  const operations = all(".operation");
  const filter = document.querySelector(".filter");
  const words = document.querySelector("#filter-text");
  const shown = document.querySelector("#shown");
  const choices = all("select", filter);
  const texts = new Map();

  for (const element of all(".scripted")) {
    element.hidden = false;
  }

  const textOf = (item) => {
    if (!texts.has(item)) {
      texts.set(item, item.textContent.toLowerCase());
    }
    return texts.get(item);
  };

  const fits = (item, wanted, picked) =>
    picked.every(([name, token]) => (item.dataset[name] ?? "").split(" ").includes(token)) &&
    wanted.every((word) => textOf(item).includes(word));

  const keep = (items, wanted, picked) => {
    let kept = 0;
    for (const item of items) {
      item.hidden = !fits(item, wanted, picked);
      kept += item.hidden ? 0 : 1;
    }
    return kept;
  };

  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const picked = choices.filter((choice) => choice.value !== "").map((choice) => [choice.dataset.facet, choice.value]);
    const active = wanted.length > 0 || picked.length > 0;
    const found = keep(findings, wanted, picked);
    const listed = keep(operations, wanted, picked);
    for (const family of all(".family")) {
      const any = all(".operation", family).some((item) => !item.hidden);
      family.hidden = !any;
      family.open = active && any;
    }
    shown.textContent =
      `${found} of ${findings.length} findings and ${listed} of ${operations.length} operations shown`;
  };

  let waiting = 0;
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  for (const choice of choices) {
    choice.addEventListener("change", apply);
  }
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  // A form is reset after its listeners have heard of it.
  filter.addEventListener("reset", () => setTimeout(apply));
  document.querySelector("#open-all").addEventListener("click", () => {
    for (const item of findings) {
      item.open = !item.hidden;
    }
  });
  document.querySelector("#close-all").addEventListener("click", () => {
    for (const item of findings) {
      item.open = false;
    }
  });

  const byHand = (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return byHand(text);
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) {
      return;
    }
    const done = await copy(button.parentElement.querySelector("code").textContent);
    button.textContent = done ? "Copied" : "Not copied";
    shown.textContent = done ? "The command is on the clipboard" : "The command could not be copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
    button.focus();
  });

  const reveal = () => {
    let wanted = null;
    try {
      wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return; // the fragment is no text
    }
    if (!wanted || location.hash.length < 2) {
      return;
    }
    for (let each = wanted; each; each = each.parentElement) {
      if (each.tagName === "DETAILS") {
        each.open = true;
      }
      each.hidden = false;
    }
    wanted.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  // A link to where one is already changes no fragment.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.getAttribute("href") === location.hash) {
      reveal();
    }
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const each of closed) {
      each.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const each of closed) {
      each.open = false;
    }
    closed = [];
  });

  apply();
  reveal();
})();
