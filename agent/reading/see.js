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
  const esc = (s) => s.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]));
  const norm = (s) => s.normalize("NFC").replace(/\s+/g, "").replace(/[:：*]+$/, "").toLowerCase();

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

  const boxless = (el) => !el.checkVisibility({ opacityProperty: true, contentVisibilityAuto: true });
  const gone = (el, view) => {
    if (boxless(el)) {
      const style = view.getComputedStyle(el);
      if (style.display !== "contents") return true;
    }
    if (el.offsetWidth <= 1 && el.offsetHeight <= 1 && el.childNodes.length) {
      const style = view.getComputedStyle(el);
      if (style.display !== "contents" && (style.overflowX !== "visible" || style.clip !== "auto" || style.clipPath !== "none")) return true;
    }
    return false;
  };
  const showsText = (el, view) => {
    if (!el.checkVisibility({ visibilityProperty: true })) return view.getComputedStyle(el).display === "contents";
    const box = el.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return view.getComputedStyle(el).display === "contents" || el.scrollWidth > 0 && el.scrollHeight > 0 && view.getComputedStyle(el).overflow === "visible";
    return box.right + view.scrollX > 0 && box.bottom + view.scrollY > 0;
  };

  const children = (el) => {
    if (el.shadowRoot) return el.shadowRoot.childNodes;
    if (el.tagName === "SLOT") { const given = el.assignedNodes({ flatten: true }); if (given.length) return given; }
    return el.childNodes;
  };

  const walk = (node, view, ownerShows) => {
    if (node.nodeType === 3) {
      if (!ownerShows) return;
      const t = node.data;
      if (t.trim()) { out.push(esc(t.replace(/\s+/g, " "))); texts.push(t.trim()); } else if (out.length && !out[out.length - 1].endsWith(" ")) out.push(" ");
      return;
    }
    if (node.nodeType !== 1) return;
    const upper = node.tagName.toUpperCase();
    if (DROP.has(upper)) return;
    const tag = node.tagName.toLowerCase();
    if (tag === "input" && node.type === "hidden") return;
    if (tag === "svg") { const name = node.getAttribute("aria-label"); if (name) out.push(`<img alt="${esc(name)}">`); return; }
    if (tag === "input" && node.type === "file" && node.checkVisibility()) {
      const box = node.getBoundingClientRect();
      out.push(`<input${attributes(node, tag)}${box.width > 1 && box.right > 0 ? "" : ' data-unseen=""'}>`); return;
    }
    if (gone(node, view)) return;
    if (tag === "select") {
      out.push(`<select${attributes(node, tag)}>`);
      for (const o of node.options) { out.push(`<option${attributes(o, "option")}>${esc(o.text)}</option>`); }
      out.push("</select>"); return;
    }
    if (tag === "textarea") { out.push(`<textarea${attributes(node, tag)}>${esc(node.value)}</textarea>`); return; }
    if (tag === "iframe" || tag === "frame") {
      let inner = null;
      try { inner = node.contentDocument; } catch { inner = null; }
      if (inner && inner.body) {
        out.push(`<section data-frame="${esc(inner.location.href)}">`);
        walk(inner.body, inner.defaultView, true);
        out.push("</section>");
      } else out.push(`<section data-frame="${esc(node.src || "")}" data-closed=""></section>`);
      return;
    }
    const attrs = attributes(node, tag);
    const kids = children(node);
    let shows = false;
    for (const k of kids) if (k.nodeType === 3 && k.data.trim()) { shows = showsText(node, view); break; }
    const seeThrough = tag === "slot" || ((tag === "div" || tag === "span") && !attrs && !shows && node.childElementCount === 1 && !node.shadowRoot);
    const name = tag === "body" ? "main" : tag;
    if (!seeThrough) out.push(`<${name}${attrs}>`);
    if (VOID.has(tag)) return;
    for (const k of kids) walk(k, view, shows);
    if (!seeThrough) out.push(`</${name}>`);
  };

  const serialise = () => { out = []; texts = []; if (document.body) walk(document.body, window, true); };
  const visible = (css) => { for (const el of document.querySelectorAll(css)) if (el.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return true; return false; };

  const labels = new Set(want.labels.map(norm));
  const wanted = want.landmarks.map((l) => l.map(norm));
  const filled = want.filled.map((l) => l.map(norm));
  const gates = want.gates.map((g) => ({ ...g, texts: g.texts.map(norm), url: g.url ? new RegExp(g.url) : null }));
  const subject = want.subject ? norm(want.subject) : null;

  const judge = () => {
    const busy = want.busy.some(visible);
    const gateByUrl = gates.find((g) => (g.url && g.url.test(location.href)) || g.css.some(visible));
    if (gateByUrl) { serialise(); return { status: "gate", gate: gateByUrl.name, missing: [], unfilled: [], busy }; }
    const raw = norm(document.body ? document.body.textContent : "");
    const perhaps = gates.some((g) => g.texts.some((t) => raw.includes(t)));
    if (busy && !perhaps) return { status: "wait", busy, missing: wanted.map((_, i) => i), unfilled: [] };
    serialise();
    const seen = texts.map(norm);
    const all = new Set(seen);
    for (let i = 0; i + 1 < seen.length; i++) { all.add(seen[i] + seen[i + 1]); const c = texts[i].search(/[:：]/); if (c > 0) all.add(norm(texts[i].slice(0, c))); }
    const missing = wanted.flatMap((l, i) => (l.some((t) => all.has(t)) ? [] : [i]));
    const gate = gates.find((g) => g.texts.some((t) => all.has(t)));
    if (gate && missing.length) return { status: "gate", gate: gate.name, missing, unfilled: [], busy };
    const unfilled = filled.flatMap((l, i) => {
      const at = seen.findIndex((t) => l.includes(t));
      return at >= 0 && (at + 1 >= seen.length || labels.has(seen[at + 1])) && !(at > 0 && !labels.has(seen[at - 1]) && false) ? [i] : [];
    });
    const there = !subject || seen.some((t) => t.includes(subject));
    const ready = !busy && !missing.length && !unfilled.length && there;
    return { status: ready ? "ready" : "wait", missing, unfilled, busy, subject: there };
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
    language: document.documentElement.lang || "", at: Date.now() };
}
