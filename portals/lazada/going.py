"""The scripts that go through Lazada's pages: what covers the page, which row stands first.

They mark elements for the looking that follows and press nothing.
"""

UNCOVER = """(texts) => {
  const norm = (s) => s.normalize("NFKC").replace(/\\s+/g, "").toLowerCase(), wanted = new Set(texts.map(norm));
  for (const e of document.querySelectorAll("[data-uncover]")) e.removeAttribute("data-uncover");
  const floats = (e) => { for (let up = e; up && up !== document.body; up = up.parentElement) {
    if (getComputedStyle(up).position === "fixed") return true; } return false; };
  for (const e of document.querySelectorAll("button, [role=button]")) {
    if (!e.checkVisibility() || !wanted.has(norm(e.getAttribute("aria-label") || e.textContent)) || !floats(e)) continue;
    const box = e.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!top || !e.contains(top)) continue;
    e.setAttribute("data-uncover", "");
    return true;
  }
  return false;
}"""
"""Marks one visible button that closes what lies over the page, the topmost first; False where nothing does."""

FIRST_ROW = """() => {
  const row = [...document.querySelectorAll("tr, [role=row]")].find((e) => e.checkVisibility() && /\\d{12,}/.test(e.textContent));
  return row ? row.textContent : "";
}"""
"""The first row of the list that has a number in it."""
