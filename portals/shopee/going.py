"""The scripts that go through Shopee's pages: which tab is chosen, what covers the page, where a window's end is.

They mark elements for the looking that follows and press nothing.
"""

PROVE_TAB = """(tabs) => {
  const norm = (s) => s.normalize("NFKC").replace(/\\s+/g, "").toLowerCase();
  for (const e of document.querySelectorAll("[data-chosen-tab], [data-case-tab]")) {
    e.removeAttribute("data-chosen-tab"); e.removeAttribute("data-case-tab");
  }
  const keys = Object.keys(tabs), leaves = {};
  for (const key of keys) leaves[key] = [];
  const form = new Map(keys.flatMap((key) => tabs[key].map((t) => [norm(t), key])));
  for (const e of document.querySelectorAll("body *")) {
    if (e.childElementCount || !e.checkVisibility()) continue;
    const key = form.get(norm(e.textContent));
    if (key) leaves[key].push(e);
  }
  const holds = (box) => keys.every((key) => leaves[key].some((e) => box.contains(e)));
  let strip = leaves[keys[0]].map((e) => {
    let box = e.parentElement;
    while (box && !holds(box)) box = box.parentElement;
    return box;
  }).filter(Boolean).sort((a, b) => b.querySelectorAll("*").length - a.querySelectorAll("*").length).pop();
  if (!strip) return null;
  const tab = {}, colour = {};
  for (const key of keys) {
    const own = leaves[key].filter((e) => strip.contains(e));
    if (own.length !== 1) return null;
    let top = own[0];
    while (top.parentElement !== strip && norm(top.parentElement.textContent) === norm(own[0].textContent)) top = top.parentElement;
    tab[key] = top; colour[key] = getComputedStyle(own[0]).color;
    top.setAttribute("data-case-tab", key);
  }
  /* an ancestor of all tabs carries "active" too: only what belongs to one tab alone counts */
  const marked = (top) => [top, ...top.querySelectorAll("*")].some((e) => e.getAttribute("aria-selected") === "true"
    || ["page", "true"].includes(e.getAttribute("aria-current"))
    || [...e.classList].some((c) => /(^|[-_])(active|selected|current)$/.test(c)));
  const marks = keys.filter((key) => marked(tab[key]));
  const odd = keys.filter((key) => keys.filter((k) => colour[k] === colour[key]).length === 1
    && new Set(keys.filter((k) => k !== key).map((k) => colour[k])).size === 1);
  if (marks.length > 1 || odd.length > 1 || (marks.length && odd.length && marks[0] !== odd[0])) return null;
  const chosen = marks[0] || odd[0];
  if (!chosen) return null;
  tab[chosen].setAttribute("data-chosen-tab", "");
  return chosen;
}"""
"""Marks each tab with its name and the chosen one as chosen. Chosen is what is marked so on the tab itself, or, in the
newer markup without any mark, the only one of another colour; where both are there, they must agree (facts 1.3)."""

UNCOVER = """(texts) => {
  const norm = (s) => s.normalize("NFKC").replace(/\\s+/g, "").toLowerCase(), wanted = new Set(texts.map(norm));
  for (const e of document.querySelectorAll("[data-uncover]")) e.removeAttribute("data-uncover");
  const over = (e) => { for (let up = e; up && up !== document.body; up = up.parentElement) {
    if (getComputedStyle(up).position === "fixed") return true; } return false; };
  for (const e of document.querySelectorAll("button, [role=button]")) {
    const name = e.getAttribute("aria-label") || e.textContent;
    if (!e.checkVisibility() || !wanted.has(norm(name))) continue;
    const box = e.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!over(e) || !top || !e.contains(top)) continue;
    e.setAttribute("data-uncover", "");
    return true;
  }
  return false;
}"""
"""Marks one visible button that closes what lies over the page, the topmost first; False where nothing does."""

FIRST_ROW = """() => {
  const row = [...document.querySelectorAll('a[href*="/portal/sale/"]')].find((e) => /\\/portal\\/sale\\/return\\/\\d/.test(e.href));
  return row ? row.href : "";
}"""
"""The address of the first row of the list."""

SCROLL_HISTORY = """([headings, busy]) => {
  const norm = (s) => s.normalize("NFKC").replace(/\\s+/g, "").toLowerCase(), wanted = new Set(headings.map(norm));
  const title = [...document.querySelectorAll("body *")]
    .find((e) => !e.childElementCount && e.checkVisibility() && wanted.has(norm(e.textContent)));
  if (!title) return false;
  let box = title.parentElement, list = null;
  while (box && !list) {
    list = [box, ...box.querySelectorAll("*")]
      .find((e) => e.scrollHeight > e.clientHeight + 4 && /auto|scroll/.test(getComputedStyle(e).overflowY));
    if (box === document.body) break;
    box = box.parentElement;
  }
  if ([...document.querySelectorAll(busy)].some((e) => e.checkVisibility())) { window.__still = 0; return false; }
  if (!list) return true;
  const size = list.scrollHeight;
  list.scrollTop = size;
  window.__still = window.__size === size ? (window.__still || 0) + 1 : 0;
  window.__size = size;
  if (window.__still < 6) return false;
  list.scrollTop = 0;  // what is scrolled far above the page counts as unseen, what is below does not
  return true;
}"""
"""Scrolls the history's list on, called once a frame: true when it has stood still at its end for some frames and
nothing is loading."""
