/* Clocks and keys, and forms that are kinder than plain ones. Everything works without this file; no text stands in it. */
"use strict";
(() => {
  const root = document.documentElement;
  const body = document.body;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // -- clocks: counted from the desk's clock, not from the browser's
  const ahead = Date.parse(root.dataset.now) - Date.now();
  const announce = document.getElementById("announce");
  const LOUD = [86400, 7200, 1800, 600, 60, 0]; // seconds left at which a clock is heard
  const say = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const words = (seconds) => {
    if (seconds < 0) return announce.dataset.over;
    const minutes = Math.floor(seconds / 60);
    const values = { days: Math.floor(minutes / 1440), hours: Math.floor(minutes / 60), minutes: minutes % 60 };
    if (values.days) return say(announce.dataset.dh, { ...values, hours: Math.floor(minutes / 60) % 24 });
    return say(values.hours ? announce.dataset.hm : announce.dataset.m, values);
  };
  const timers = all("[role=timer]").map((node) => ({ node, due: Date.parse(node.dataset.due), unsure: node.textContent.endsWith("?"), left: null }));
  const tick = () => {
    const now = Date.now() + ahead;
    for (const timer of timers) {
      const left = Math.floor((timer.due - now) / 1000);
      const shown = words(left) + (timer.unsure ? "?" : "");
      if (timer.node.textContent !== shown) timer.node.textContent = shown;
      const near = left < 0 ? "over" : left < 7200 ? "urgent" : left < 172800 ? "soon" : "";
      const box = timer.node.closest(".left");
      if (box.dataset.near !== near) {
        box.dataset.near = near;
        box.querySelector(".sign").textContent = { over: "✕", urgent: "!!", soon: "!" }[near] ?? "";
      }
      const passed = timer.left !== null && LOUD.find((limit) => timer.left > limit && left <= limit);
      if (passed !== undefined && passed !== null && passed !== false) {
        announce.textContent = say(left <= 0 ? announce.dataset.ended : announce.dataset.left, { name: timer.node.dataset.name, left: words(left) });
      }
      timer.left = left;
    }
  };
  if (timers.length) { tick(); setInterval(tick, 1000); }

  // -- keys
  const help = document.getElementById("help");
  all("[data-help]").forEach((button) => button.addEventListener("click", () => { document.getElementById("menu")?.removeAttribute("open"); help?.showModal(); }));
  const rows = all("[data-row] a.ref");
  const go = (address) => {
    if (!address) return;
    if (address.startsWith("#")) {
      const place = document.querySelector(address);
      const button = place?.querySelector("button.primary") ?? place;
      button?.scrollIntoView({ block: "center" });
      button?.focus();
    } else location.assign(address);
  };
  const about = (verb) => {
    const here = document.activeElement?.closest?.("[data-row]")?.querySelector("a.ref");
    if (here) return here.getAttribute("href").replace("/case/", `/${verb}/`);
    return verb === "draft" ? body.dataset.edit : body.dataset.approve;
  };
  const keys = {
    j: () => rows[Math.min(rows.length - 1, rows.indexOf(document.activeElement) + 1)]?.focus(),
    k: () => rows[Math.max(0, rows.indexOf(document.activeElement) - 1)]?.focus(),
    e: () => go(about("draft")),
    a: () => go(about("packet")),
    b: () => location.assign("/"),
    "/": () => { const field = document.getElementById("q"); field?.focus(); field?.select(); },
    "?": () => help?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.getElementById("menu")?.removeAttribute("open");
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input, textarea, select, dialog[open], [contenteditable]")) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("click", (event) => { const menu = document.getElementById("menu"); if (menu?.open && !menu.contains(event.target)) menu.open = false; });

  // -- the seen page: its place is gone to once more when all is there; a busy browser may have looked for it too early
  addEventListener("load", () => all("iframe.frame").forEach((frame) => frame.contentWindow.location.replace(frame.src)));

  // -- forms: nothing is posted twice, nothing typed is lost by accident
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.dataset.confirm && !confirm(button.dataset.confirm)) { event.preventDefault(); return; }
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") {
      form.dataset.sent = "yes";
      setTimeout(() => all("button", form).forEach((one) => { one.disabled = true; }));
    }
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; all("button", form).forEach((one) => { one.disabled = false; }); }));
  all("[data-filters] select, [data-filters] input[type=checkbox]").forEach((field) => field.addEventListener("change", () => field.form.requestSubmit()));

  const draft = document.querySelector("[data-draft]");
  if (draft) {
    let changed = false;
    const mark = () => { changed = true; const note = document.querySelector("[data-unsaved]"); if (note) note.hidden = false; };
    draft.addEventListener("input", mark);
    draft.addEventListener("change", mark);
    draft.addEventListener("submit", () => { changed = false; });
    addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
    draft.querySelector("[data-playbook]")?.addEventListener("change", (event) => {
      const address = new URL(location.href);
      address.searchParams.set("playbook", event.target.value);
      if (!draft.querySelector("[data-unsaved]")?.dataset.typed && !all("textarea", draft).some((t) => t.value !== t.defaultValue)) { changed = false; location.assign(address); }
    });
    document.addEventListener("keydown", (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); document.getElementById("save").click(); } });
  }
  all("[data-counted]").forEach((field) => {
    const counter = document.getElementById(field.getAttribute("aria-describedby").split(" ")[0]);
    const count = () => {
      const length = field.value.trim().length; // UTF-16 units, as portals count
      counter.querySelector("[data-count]").textContent = length;
      counter.classList.toggle("over", (field.dataset.most && length > +field.dataset.most) || (length > 0 && field.dataset.least && length < +field.dataset.least));
    };
    field.addEventListener("input", count);
    count();
  });

  // -- evidence: dropped files join the chosen ones, each with a preview and a kind of its own
  const drop = document.querySelector("[data-drop]");
  if (drop) {
    const input = drop.querySelector("input[type=file]");
    const list = drop.querySelector("[data-new]");
    const kinds = drop.querySelector("[data-kinds]");
    let kept = new DataTransfer();
    const show = () => {
      all("img", list).forEach((image) => URL.revokeObjectURL(image.src));
      list.replaceChildren(...[...input.files].map((file) => {
        const item = document.createElement("li");
        item.className = "file";
        const preview = document.createElement(file.type.startsWith("image/") ? "img" : "span");
        if (preview.tagName === "IMG") { preview.src = URL.createObjectURL(file); preview.alt = ""; }
        const text = document.createElement("div");
        const name = document.createElement("p");
        const strong = document.createElement("strong");
        strong.textContent = file.name;
        const size = document.createElement("span");
        size.className = "muted";
        size.textContent = ` ${(file.size / 1e6).toFixed(1)} MB · ${file.size > +list.dataset.most ? list.dataset.large : list.dataset.wait}`;
        name.append(strong, size);
        const label = document.createElement("label");
        const select = kinds.cloneNode(true);
        select.name = "new_kind";
        select.value = kinds.value;
        select.removeAttribute("data-kinds");
        label.append(`${list.dataset.kind} `, select);
        text.append(name, label);
        item.append(preview, text);
        return item;
      }));
    };
    input.addEventListener("change", () => { kept = new DataTransfer(); [...input.files].forEach((file) => kept.items.add(file)); show(); });
    for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
    for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      [...event.dataTransfer.files].forEach((file) => kept.items.add(file));
      input.files = kept.files;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      show();
    });
  }

  // -- work under way: told as it happens
  const work = document.querySelector("[data-events]");
  if (work) {
    const source = new EventSource(work.dataset.events);
    const load = async () => {
      const answer = await fetch(work.dataset.part);
      if (answer.ok) work.innerHTML = await answer.text(); // made by the desk's own template, escaped there
    };
    source.addEventListener("news", load);
    source.addEventListener("done", async () => { source.close(); await load(); document.getElementById("onward")?.focus(); });
  }
})();
