/* The one script that looks at a page: waits inside it until it is ready or a gate stands before it, and returns it
 * as a person sees it. Nothing in the page is changed.
 *
 * want: {landmarks: [[text]], filled: [[text]], labels: [text], busy: [css], gates: [{name, texts, css, url}],
 *        subject: text|null, wait_ms: number}
 * gives: {status: "ready"|"gate"|"timeout", gate, missing: [index], unfilled: [index], busy: bool, subject: bool,
 *         html, url, title, language, at}
 */
async (want) => {
  const DROP = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "LINK", "META", "HEAD", "TITLE", "BASE", "CANVAS",
    "VIDEO", "AUDIO", "OBJECT", "EMBED", "PATH", "DEFS", "CLIPPATH", "COLGROUP", "SOURCE", "TRACK"]);
  const VOID = new Set(["area", "br", "col", "hr", "img", "input", "wbr"]);
  const KEEP = new Set(["id", "name", "type", "role", "for", "placeholder", "title", "alt", "lang", "colspan", "rowspan",
    "headers", "scope", "datetime", "action", "method", "open", "multiple", "accept", "readonly", "required", "disabled",
    "maxlength", "contenteditable", "label", "tabindex", "enctype", "download", "target", "min", "max"]);
  const INLINE = new Set(("A ABBR B BDI BDO BUTTON CITE CODE DATA DEL DFN EM FONT I IMG INPUT INS KBD LABEL MARK Q S SAMP "
    + "SELECT SMALL SPAN STRIKE STRONG SUB SUP TEXTAREA TIME TT U VAR WBR").split(" "));
  const FIELDS = new Set(["input", "img", "select", "textarea", "iframe", "frame"]);
  const FAINT = 0.1;
  const esc = (s) => s.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]));
  const norm = (s) => s.replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g, "").normalize("NFKC").replace(/\s+/g, "")
    .replace(/^[:*▲▼△▽▴▾↑↓↕⇅]+|[:*▲▼△▽▴▾↑↓↕⇅]+$/g, "").toLowerCase();

  let out, texts;

  const attributes = (el, tag) => {
    let s = "";
    for (const { name, value } of el.attributes) {
      const lower = name.toLowerCase();
      if (KEEP.has(lower) || lower.startsWith("aria-")) s += ` ${lower}="${esc(value)}"`;
      else if (lower.startsWith("data-") && !/^data-v-/.test(lower) && value.length <= 300) s += ` ${lower}="${esc(value)}"`;
    }
    if (tag === "a" && el.getAttribute("href")) s += ` href="${esc(el.href && el.href.baseVal === undefined ? el.href : el.getAttribute("href"))}"`;
    if (tag === "img") { const src = el.currentSrc || el.src || ""; if (!src.startsWith("data:")) s += ` src="${esc(src)}"`; }
    if (tag === "input") {
      if (el.type === "checkbox" || el.type === "radio") s += ` value="${esc(el.value)}"` + (el.checked ? ' checked="checked"' : "");
      else if (el.type === "file") s += ` data-files="${esc(Array.from(el.files || []).map((f) => `${f.name}|${f.size}`).join("\n"))}"`;
      else if (el.type !== "password") s += ` value="${esc(el.value)}"`;
      if (el.disabled && !el.hasAttribute("disabled")) s += ' disabled=""';
    }
    if (tag === "option" && el.selected) s += ' selected="selected"';
    if (tag === "option") s += ` value="${esc(el.value)}"`;
    return s;
  };

  /* What a person can't see: no box, (nearly) transparent, content-visibility, squeezed to nothing, clipped away. */
  const gone = (el, style, seen) => {
    if (!el.checkVisibility({ opacityProperty: true })) return style.display !== "contents";
    return seen.faint < FAINT || (style.clipPath !== "none" && /^(inset\((50|100)%|circle\(0|polygon\(0(px|%)? 0(px|%)?(, 0(px|%)? 0(px|%)?)*\))/.test(style.clipPath));
  };
  /* Where a text stands, as against the page and what cuts it off to the side. A list that is folded by its height may be
   * unfolded and belongs to the page; what lies beside the cut is another slide, tab or trick. */
  const range = document.createRange();
  const NOTHING = { left: 1, right: 0 };
  const stands = (text, seen) => {
    const { style, clip } = seen;
    if (clip === NOTHING) return false;
    if (style.visibility !== "visible" || style.contentVisibility === "hidden" || parseFloat(style.fontSize) < 2) return false;
    if (/^(rgba\(.*, 0\)|transparent)$/.test(style.webkitTextFillColor) && style.webkitBackgroundClip !== "text") return false;
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) return false;
    return within(box, seen) && (!clip || (box.right > clip.left && box.left < clip.right));
  };
  const edges = new Map();
  const within = (box, seen) => {
    const view = seen.view;
    let edge = edges.get(view);
    if (!edge) edges.set(view, edge = { x: view.scrollX, y: view.scrollY, wide: Math.max(view.document.documentElement.scrollWidth, view.innerWidth) });
    return box.right + edge.x > 0 && box.bottom + edge.y > 0 && (seen.scrolls || box.left + edge.x < edge.wide);
  };
  const cut = (el, style, clip) => {
    if (clip === NOTHING || (style.overflowX === "visible" && style.overflowY === "visible") || /^(contents|inline)$/.test(style.display)) return clip;
    if (el.offsetWidth <= 1 || el.offsetHeight <= 1) return NOTHING;
    if (style.overflowX === "auto" || style.overflowX === "scroll") return clip;
    const box = el.getBoundingClientRect();
    return { left: Math.max(box.left, clip ? clip.left : box.left), right: Math.min(box.right, clip ? clip.right : box.right) };
  };
  /* Words that a style puts before or after (`content`), as far as they are words and not icons. */
  const worded = (el, which, view) => {
    const style = view.getComputedStyle(el, which);
    const said = style.content;
    if (!said || said[0] !== '"' || style.display === "none" || style.visibility !== "visible" || parseFloat(style.opacity) < FAINT) return "";
    const text = said.replace(/^"|"( \/ .*)?$/g, "").replace(/\\(["\\])/g, "$1");
    return /[\p{L}\p{N}]/u.test(text) && !/[\ue000-\uf8ff]/.test(text) ? text : "";
  };
  const styled = new Map();
  const saysByStyle = (view) => {
    if (!styled.has(view)) {
      let says = false;
      for (const sheet of [...view.document.styleSheets, ...view.document.adoptedStyleSheets]) {
        try { says = says || [...sheet.cssRules].some(speaks); } catch { says = true; }
      }
      styled.set(view, says);
    }
    return styled.get(view);
  };
  const speaks = (rule) => rule.cssRules && rule.cssRules.length ? [...rule.cssRules].some(speaks)
    : !!rule.style && !!rule.selectorText && /::?(before|after)/.test(rule.selectorText) && /attr\(|["'][^"']*[\p{L}\p{N}][^"']*["']/u.test(rule.style.content || "");

  const children = (el) => {
    if (el.shadowRoot) return el.shadowRoot.childNodes;
    if (el.tagName === "SLOT") { const given = el.assignedNodes({ flatten: true }); if (given.length) return given; }
    if (el.tagName === "DETAILS" && !el.open) return [...el.children].filter((k) => k.tagName === "SUMMARY").slice(0, 1);
    return el.childNodes;
  };

  const blank = () => { if (out.length && !/\s$/.test(out[out.length - 1])) out.push(" "); };
  const say = (text) => { out.push(esc(text)); texts.push(text.trim()); };

  /* seen: {view, style of the element that holds it, clip, held: the clip of what is positioned freely, scrolls, faint} */
  const walk = (node, seen) => {
    if (node.nodeType === 3) {
      const t = node.data;
      if (!t.trim()) { blank(); return; }
      if (!stands(node, seen)) return;
      if (!t.includes("\n") || !/^(pre|break)/.test(seen.style.whiteSpace)) { say(t.replace(/\s+/g, " ")); return; }
      t.replace(/[^\S\n]+/g, " ").split("\n").forEach((line, n) => { if (n) out.push("<br>"); if (line.trim()) say(line); });
      return;
    }
    if (node.nodeType !== 1) return;
    const upper = node.tagName.toUpperCase();
    if (DROP.has(upper)) return;
    const tag = node.tagName.toLowerCase(), view = seen.view;
    if (tag === "input" && node.type === "hidden") return;
    const style = view.getComputedStyle(node);
    if (tag === "input" && node.type === "file" && node.checkVisibility()) {
      const box = node.getBoundingClientRect();
      out.push(`<input${attributes(node, tag)}${box.width > 1 && box.right > 0 ? "" : ' data-unseen=""'}>`); return;
    }
    const inner = { view, style, clip: seen.clip, held: seen.held, scrolls: seen.scrolls, faint: seen.faint * parseFloat(style.opacity) };
    if (gone(node, style, inner)) return;
    const clips = style.overflowX !== "visible" || style.overflowY !== "visible";
    if (clips || seen.clip || seen.held) {
      const free = style.position;
      inner.clip = free === "fixed" ? null : cut(node, style, free === "absolute" ? seen.held : seen.clip);
      inner.held = free === "static" && style.transform === "none" ? seen.held : inner.clip;
      inner.scrolls = seen.scrolls || style.overflowX === "auto" || style.overflowX === "scroll";
    }
    if (tag === "svg") { const name = node.getAttribute("aria-label"); if (name) out.push(`<img alt="${esc(name)}">`); return; }
    if (FIELDS.has(tag) && (style.visibility !== "visible" || inner.clip === NOTHING || !within(node.getBoundingClientRect(), seen))) return;
    if (tag === "select") {
      out.push(`<select${attributes(node, tag)}>`);
      for (const o of node.options) { out.push(`<option${attributes(o, "option")}>${esc(o.text)}</option>`); }
      out.push("</select>"); return;
    }
    if (tag === "textarea") { out.push(`<textarea${attributes(node, tag)}>${esc(node.value)}</textarea>`); return; }
    if (VOID.has(tag)) { out.push(`<${tag}${attributes(node, tag)}>`); return; }
    if (tag === "iframe" || tag === "frame") {
      if (node.clientWidth <= 1 || node.clientHeight <= 1) return;
      let page = null;
      try { page = node.contentDocument; } catch { page = null; }
      if (page && page.body) {
        out.push(`<section data-frame="${esc(page.location.href)}">`);
        walk(page.body, { view: page.defaultView, style: page.defaultView.getComputedStyle(page.body), clip: null, held: null, faint: 1, scrolls: false });
        out.push("</section>");
      } else out.push(`<section data-frame="${esc(node.src || "")}" data-closed=""></section>`);
      return;
    }
    const attrs = attributes(node, tag);
    const kids = children(node);
    let words = false;
    for (const k of kids) if (k.nodeType === 3 && k.data.trim()) { words = true; break; }
    const speaking = saysByStyle(view) || node.getRootNode() !== view.document;
    const before = speaking ? worded(node, "::before", view) : "", after = speaking ? worded(node, "::after", view) : "";
    const seeThrough = tag === "slot" || ((tag === "div" || tag === "span") && !attrs && !words && !before && !after
      && node.childElementCount === 1 && !node.shadowRoot);
    const name = tag === "body" ? "main" : tag;
    const block = (INLINE.has(upper) || tag === "slot" || tag.includes("-")) && !/^(inline|contents|none|ruby)/.test(style.display);
    if (block) out.push("\n");
    if (!seeThrough) out.push(`<${name}${attrs}>`);
    if (before) say(before);
    for (const k of kids) walk(k, inner);
    if (after) say(after);
    if (!seeThrough) out.push(`</${name}>`);
    if (block) out.push("\n");
  };

  const serialise = () => {
    out = []; texts = []; styled.clear(); edges.clear();
    if (document.body) walk(document.body, { view: window, style: getComputedStyle(document.body), clip: null, held: null, faint: 1, scrolls: false });
  };
  const visible = (css) => { for (const el of document.querySelectorAll(css)) if (el.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return true; return false; };

  let known = null;
  const isLabel = (text) => (known ||= new Set(want.labels.map(norm))).has(text);
  const wanted = want.landmarks.map((l) => l.map(norm));
  const filled = want.filled.map((l) => l.map(norm));
  const gates = want.gates.map((g) => ({ ...g, texts: g.texts.map(norm), url: g.url ? new RegExp(g.url) : null }));
  const subject = want.subject ? norm(want.subject) : null;

  /* A gate's words anywhere on the page, seen or not: worth a whole look although the page is busy. */
  const gateMentioned = () => {
    const raw = norm(document.body ? document.body.textContent : "");
    return gates.some((g) => g.texts.some((t) => raw.includes(t)));
  };

  const judge = () => {
    const busy = document.readyState === "loading" || want.busy.some(visible);  // its end may not have come yet
    const gateByUrl = gates.find((g) => (g.url && g.url.test(location.href)) || g.css.some(visible));
    if (gateByUrl) { serialise(); return { status: "gate", gate: gateByUrl.name, missing: [], unfilled: [], busy }; }
    if (busy && !gateMentioned()) return { status: "wait", busy, missing: wanted.map((_, i) => i), unfilled: [] };
    serialise();
    const seen = texts.map(norm);
    const all = new Set(seen);
    for (let i = 0; i + 1 < seen.length; i++) { all.add(seen[i] + seen[i + 1]); const c = texts[i].search(/[:：]/); if (c > 0) all.add(norm(texts[i].slice(0, c))); }
    const missing = wanted.flatMap((l, i) => (l.some((t) => all.has(t)) ? [] : [i]));
    const gate = gates.find((g) => g.texts.some((t) => all.has(t)));
    if (gate && missing.length) return { status: "gate", gate: gate.name, missing, unfilled: [], busy };
    const unfilled = filled.flatMap((l, i) => {
      const at = seen.findIndex((t) => l.includes(t));
      return at >= 0 && (at + 1 >= seen.length || isLabel(seen[at + 1])) ? [i] : [];
    });
    const there = !subject || seen.some((t) => t.includes(subject));
    const ready = !busy && !missing.length && !unfilled.length && there;
    return { status: ready ? "ready" : "wait", missing, unfilled, busy, subject: there };
  };

  /* How long ago, at the least, the page began to count: its scripts ran before its document was complete; and its answer
     was made after it was asked for, however long before the Date on it. */
  const since = () => {
    const went = performance.getEntriesByType("navigation")[0];
    if (!went || !went.responseStart) return null;
    const now = performance.now();
    return now - Math.min(now, went.domContentLoadedEventStart || now) - (went.responseStart - went.requestStart);
  };

  const end = performance.now() + want.wait_ms;
  let verdict = judge();
  while (verdict.status === "wait" && performance.now() < end) {
    await new Promise((go) => {
      const watch = new MutationObserver(() => { clearTimeout(timer); watch.disconnect(); requestAnimationFrame ? setTimeout(go, 4) : go(); });
      watch.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
      const timer = setTimeout(() => { watch.disconnect(); go(); }, Math.min(100, Math.max(5, end - performance.now())));
    });
    verdict = judge();
  }
  if (verdict.status === "wait") { serialise(); verdict.status = "timeout"; }
  return { gate: null, subject: true, ...verdict, html: out.join(""), url: location.href, title: document.title,
    language: (document.documentElement || {}).lang || "", at: Date.now(),
    since_ms: since() };
}
