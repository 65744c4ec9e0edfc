/* Runs before the page's own scripts: changes the appeal form the way a portal would, as the cookie `mutant` says
 * ({kinds: [name], seed, words}), and keeps the true elements, so that a test can judge what was filled in and aimed at. */
(() => {
  const cookie = document.cookie.split("; ").find((c) => c.startsWith("mutant="));
  if (!cookie || !/\/appeal$/.test(location.pathname)) return;
  const spec = JSON.parse(decodeURIComponent(cookie.slice(7)));

  let state = spec.seed >>> 0;
  const chance = () => { state = (state + 0x6d2b79f5) >>> 0; let t = state; t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61); return ((t ^ (t >>> 14)) >>> 0) / 4294967296; };
  const pick = (list) => list[Math.floor(chance() * list.length)];
  const shuffle = (list) => list.map((x) => [chance(), x]).sort((a, b) => a[0] - b[0]).map((x) => x[1]);
  const el = (tag, attrs = {}, ...kids) => { const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v); e.append(...kids); return e; };
  const all = (css, from = document) => [...from.querySelectorAll(css)];
  const html = (text) => { const t = document.createElement("template"); t.innerHTML = text.trim(); return t.content.firstElementChild; };

  const given = [];
  document.addEventListener("change", (e) => {
    if (e.target.type === "file") given.push({ input: e.target, files: [...e.target.files].map((f) => [f.name, f.size]) });
  }, true);

  const truth = {};
  const row = (of) => of.closest("dl > div");
  const set = (input, value) => { Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), "value").set.call(input, value); };

  const CHANGES = {
    // -- a person still fills it in -------------------------------------------------------------------------------
    untouched() {},
    names() {
      for (const e of all("[id]")) if (e.id !== "note-count") { const to = "x" + Math.floor(chance() * 1e9); 
        for (const l of all(`[for="${e.id}"]`)) l.htmlFor = to; e.id = to; }
      for (const e of all("[name]", truth.form)) e.name = "f" + Math.floor(chance() * 1e9);
      for (const e of all("[class]")) if (!/modal|hidden/.test(e.className)) e.className = "css-" + Math.floor(chance() * 1e9).toString(36);
    },
    wrappers() {
      for (const e of shuffle([truth.type, truth.note, truth.submit, ...all("dt > *, dd > *", truth.form)]).slice(0, 6)) {
        const box = el(pick(["div", "span", "div"])); e.replaceWith(box); box.append(e); }
    },
    reordered() { const dl = row(truth.note).parentElement; dl.append(...shuffle([...dl.children])); },
    untied() { for (const l of all("label", truth.form)) l.removeAttribute("for"); },
    untied_plain() { for (const l of all("label", truth.form)) l.replaceWith(...l.childNodes); },
    wrapping_labels() {
      for (const field of [truth.type, truth.note]) { const label = row(field).querySelector("label"); label.removeAttribute("for");
        const box = el("label", {}, label.textContent, " "); field.replaceWith(box); box.append(field); label.closest("dt").remove(); }
    },
    value_first() { for (const field of [truth.type, truth.note]) row(field).prepend(field.closest("dd")); },
    aria_labels() {
      for (const field of [truth.type, truth.note]) { const label = row(field).querySelector("label"); label.removeAttribute("for");
        field.setAttribute("aria-label", label.textContent); }
    },
    boxes() {
      const dl = row(truth.note).parentElement, box = el("div");
      for (const r of [...dl.children]) { const line = el("div"); const [dt, dd] = r.children;
        line.append(el("div", {}, ...dt.childNodes), el("div", {}, ...dd.childNodes)); box.append(line); }
      dl.replaceWith(box);
    },
    table() {
      const dl = row(truth.note).parentElement, body = el("tbody");
      for (const r of [...dl.children]) { const [dt, dd] = r.children; body.append(el("tr", {}, el("th", {}, ...dt.childNodes), el("td", {}, ...dd.childNodes))); }
      dl.replaceWith(el("table", {}, body));
    },
    synonyms() {
      for (const label of all("label", truth.form)) { const others = spec.words[label.textContent.trim()] || []; if (others.length) label.textContent = pick(others); }
      const others = spec.words[truth.submit.textContent.trim()] || []; if (others.length) truth.submit.textContent = pick(others);
    },
    options_shuffled() { const o = [...truth.type.options]; truth.type.append(o[0], ...shuffle(o.slice(1))); truth.type.selectedIndex = 0; },
    option_values() { for (const o of truth.type.options) if (o.value) o.value = "V" + Math.floor(chance() * 1e6); },
    options_added() { for (const t of ["배송 증빙 (해외)", "기타", "상품 정확성 재확인"]) truth.type.insertBefore(el("option", { value: t }, t), pick([...truth.type.options].slice(1))); },
    options_grouped() { const o = [...truth.type.options].slice(1); truth.type.append(el("optgroup", { label: "배송" }, ...o.slice(0, 4)), el("optgroup", { label: "기타" }, ...o.slice(4))); },
    files_decoy_outside() { pick([document.body, truth.form.parentElement]).append(el("input", { type: "file", multiple: "", "aria-label": "증빙 파일", style: pick(["", "display:none", "opacity:0"]) })); },
    submit_elsewhere() {
      pick([document.body, document.querySelector("header"), document.querySelector("aside form")]).append(el("button", { type: pick(["submit", "button"]) }, truth.submit.textContent));
    },
    banner() { document.querySelector("main").prepend(html(pick(['<div role="alert"><b>안내</b> <span>소명 내용은 500자 이내입니다.</span></div>',
      '<section><h3>공지</h3><p>이의 제기 유형: 배송 증빙을 권장합니다.</p></section>', '<div><label>검색</label><input type="text" value="이의"></div>']))); },
    tour() { document.body.append(html(`<div role="dialog" style="position:fixed;bottom:0"><h3>${pick(["이의 제기", "새 기능", "증빙 파일"])}</h3><p>여기에서 작성하세요.</p><button type="button">다음</button></div>`)); },
    token_added() { truth.form.append(el("input", { type: "hidden", name: "_token", value: "a91f" + Math.floor(chance() * 1e9) })); },
    note_prefilled() { set(truth.note, "이전에 저장한 내용입니다."); },
    type_prefilled() { truth.type.selectedIndex = 1 + Math.floor(chance() * 7); },
    submit_as_input() { const b = el("input", { type: "submit", value: truth.submit.textContent }); truth.submit.replaceWith(b); truth.submit = b; },
    hints() { for (const label of all("label", truth.form)) label.append(el("span", {}, " *"), el("i")); },
    // -- it may be refused; filled wrongly never ------------------------------------------------------------------
    radios() {
      const options = [...truth.type.options].slice(1), box = el("div", chance() < 0.5 ? { role: "radiogroup", "aria-label": "이의 제기 유형" } : {});
      for (const o of options) box.append(el("label", {}, el("input", { type: "radio", name: "appealType", value: o.value }), " " + o.text));
      truth.type.replaceWith(box); truth.type = box;
    },
    buttons_for_choice() {
      const box = el("div"); for (const o of [...truth.type.options].slice(1)) box.append(el("button", { type: "button" }, o.text));
      truth.type.replaceWith(box); truth.type = box;
    },
    note_editable() { const box = el("div", { contenteditable: "true", role: "textbox", "aria-label": "소명 내용", style: "min-height:40px" }); truth.note.replaceWith(box); truth.note = box; },
    in_shadow() {
      const host = el("x-field"), r = row(truth.note), root = host.attachShadow({ mode: "open" });
      const copy = el("div"); copy.append(...r.childNodes); root.append(copy); r.replaceWith(host);
    },
    label_unknown() { const l = pick(all("label", truth.form)); l.textContent = pick(["사유 설명", "선택 항목", "메모"]); },
    option_unknown() { const o = [...truth.type.options].find((x) => x.text === spec.choice); if (o) o.text = pick(["배송 관련 소명", "기타 사유", spec.choice + " (신규)"]); },
    option_twice() { const o = [...truth.type.options].find((x) => x.text === spec.choice); truth.type.append(el("option", { value: "OTHER" }, o.text)); },
    option_disabled() { const o = [...truth.type.options].find((x) => x.text === spec.choice); o.disabled = true; },
    tick_added() { truth.note.after(html('<label><input type="checkbox" name="agree"> 동의합니다</label>')); },
    tick_preset() { truth.note.after(html('<label><input type="checkbox" name="agree" checked> 추가 조사에 동의합니다</label>')); },
    radio_preset() { truth.note.after(html('<div><label><input type="radio" name="speed" value="1" checked> 일반</label><label><input type="radio" name="speed" value="2"> 신속</label></div>')); },
    text_preset() { truth.note.after(html(pick(['<input type="text" name="contact" value="010-0000-0000">', '<textarea name="memo">추가 메모</textarea>', '<input type="email" name="mail" value="a@b.c">']))); },
    select_preset() { truth.note.after(html('<select name="priority"><option value="N" selected>일반</option><option value="H">긴급</option></select>')); },
    hidden_choice() { truth.form.append(el("input", { type: "hidden", name: "waiveRights", value: "true" })); },
    second_note() { truth.note.after(html('<textarea name="note2" aria-label="소명 내용"></textarea>')); },
    second_note_unseen() { truth.note.before(html(`<textarea name="note2" aria-label="소명 내용" style="${pick(["position:absolute;left:-9999px", "opacity:0", "display:none", "visibility:hidden"])}"></textarea>`)); },
    label_of_another() {
      const memo = html('<div><dt>내부 메모</dt><dd><textarea name="memo" id="memo"></textarea></dd></div>'); row(truth.note).after(memo);
      row(truth.note).querySelector("label").htmlFor = "memo";
    },
    labels_exchanged() {
      const [a, b] = [row(truth.type), row(truth.note)].map((r) => r.querySelector("label")); [a.htmlFor, b.htmlFor] = [b.htmlFor, a.htmlFor];
    },
    files_decoy_inside() { truth.form.append(el("input", { type: "file", name: "other", style: pick(["", "display:none", "opacity:0"]) })); },
    files_row_before() { const body = truth.files.form.querySelector("tbody"); body.append(html("<table><tbody><tr><td>old_evidence.jpg</td><td>1.0 KB</td><td></td></tr></tbody></table>").querySelector("tr")); },
    files_row_renamed() { new MutationObserver(() => { for (const td of all("tr[data-wuic-partial] td:first-child", truth.form)) if (!td.textContent.startsWith("r_")) td.textContent = "r_" + td.textContent; }).observe(truth.form, { childList: true, subtree: true }); },
    files_row_lost() { new MutationObserver(() => { const rows = all("tr[data-wuic-partial]", truth.form); if (rows.length > 1) rows[rows.length - 1].remove(); }).observe(truth.form, { childList: true, subtree: true }); },
    files_row_extra() { let done = false; new MutationObserver(() => { const r = truth.form.querySelector("tr[data-wuic-partial]"); if (r && !done) { done = true; r.after(r.cloneNode(true)); } }).observe(truth.form, { childList: true, subtree: true }); },
    files_table_renamed() { all("th", truth.form).forEach((th) => { if (th.textContent === "파일명") th.textContent = "첨부물"; }); },
    files_single() { truth.files.removeAttribute("multiple"); },
    submit_twice() { truth.submit.after(el("button", { type: pick(["submit", "button"]) }, truth.submit.textContent)); },
    submit_twice_unseen() { truth.submit.before(el("button", { type: "submit", style: pick(["display:none", "visibility:hidden", "opacity:0", "position:absolute;left:-9999px"]) }, truth.submit.textContent)); },
    submit_renamed() { truth.submit.textContent = pick(["신청", "확인", "다음", "제출 완료"]); },
    submit_exchanged() { const draft = document.getElementById("save-draft"); draft.textContent = truth.submit.textContent; truth.submit.textContent = "저장"; truth.refuse = true; },
    submit_outside() { truth.submit.setAttribute("form", truth.form.id); truth.form.after(truth.submit); },
    submit_disabled() { truth.submit.disabled = true; truth.refuse = true; },
    submit_covers_another() { truth.submit.setAttribute("formaction", "/orders/COO000000000/appeal"); truth.refuse = true; },
    submit_withdraws() { truth.submit.setAttribute("formaction", location.pathname.replace("/appeal", "/withdraw")); truth.refuse = true; },
    field_outside() { const r = row(pick([truth.type, truth.note])); truth.form.before(r); },
    two_forms() { const copy = truth.form.cloneNode(true); for (const e of all("[id]", copy)) e.removeAttribute("id"); truth.form.after(copy); },
    split_forms() { const form = el("form", { action: truth.form.action }); truth.form.after(form); form.append(row(truth.note)); truth.refuse = true; },
    order_shown_other() { document.getElementById("appeal-order").textContent = "COO999888777"; truth.refuse = true; },
    order_hidden_other() { truth.form.elements["orderId"].value = "COO999888777"; truth.refuse = true; },
    order_action_other() { truth.form.setAttribute("action", "/orders/COO999888777/appeal"); truth.refuse = true; },
    note_short() { truth.note.maxLength = 12; },
    note_readonly() { truth.note.readOnly = true; },
    note_disabled() { truth.note.disabled = true; },
    note_rewritten() { const how = pick([(v) => v.toUpperCase() + "!", (v) => v.replace(/\s+/g, ""), (v) => v.slice(0, 20), (v) => v + " (자동)"]);
      truth.note.addEventListener("input", () => { if (!truth.once) { truth.once = true; set(truth.note, how(truth.note.value)); } }); },
    note_rewritten_late() { truth.note.addEventListener("input", () => setTimeout(() => set(truth.note, truth.note.value.replace("배송", "발송")), 30)); },
    note_single_line() { const input = el("input", { type: "text", name: "note", id: truth.note.id }); truth.note.replaceWith(input); truth.note = input; },
    type_resets() { truth.type.addEventListener("change", () => { truth.type.selectedIndex = 0; }); },
    type_jumps() { truth.type.addEventListener("change", () => { truth.type.selectedIndex = (truth.type.selectedIndex % 7) + 1; }); },
    type_changes_late() { truth.files.addEventListener("change", () => { truth.type.selectedIndex = 3; }); },
    type_multiple() { truth.type.multiple = true; truth.type.options[2].selected = true; },
    heading_gone() { for (const h of all("h2")) h.textContent = "작성"; },
  };

  document.addEventListener("DOMContentLoaded", () => {
    truth.form = document.getElementById("appeal-form");
    if (!truth.form) return;
    truth.type = document.getElementById("appealType"); truth.note = document.getElementById("note");
    truth.files = document.getElementById("evidence-files"); truth.submit = truth.form.querySelector("button[type=submit]");
    for (const kind of spec.kinds) CHANGES[kind]();
    const fields = [];
    const gather = (root) => { for (const e of root.querySelectorAll("*")) { if (/^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName) || e.isContentEditable) fields.push(e); if (e.shadowRoot) gather(e.shadowRoot); } };
    gather(document);
    const held = (e) => e.isContentEditable ? e.innerText : e.type === "checkbox" || e.type === "radio" ? e.checked : e.tagName === "SELECT" ? [...e.selectedOptions].map((o) => o.text).join() : e.value;
    const before = new Map(fields.map((e) => [e, held(e)]));
    const chosen = () => {
      const t = truth.type;
      if (t.tagName === "SELECT") return [...t.selectedOptions].map((o) => o.text.trim()).join(" + ");
      return [...t.querySelectorAll("input:checked")].map((i) => i.labels[0].innerText.trim()).join(" + ");
    };
    const own = (e) => e === truth.note || truth.note.contains(e) || e === truth.type || truth.type.contains(e) || e === truth.files;
    window.__mutant = {
      held: () => ({
        type: chosen(), note: truth.note.isContentEditable ? truth.note.innerText : truth.note.value,
        preset: fields.filter((e) => truth.form.contains(e) && !own(e) && e.type !== "hidden" && e.type !== "file" && e.type !== "submit" && e.type !== "button"
          && !(e.type === "select-one" && [...e.selectedOptions].every((o) => o.defaultSelected))  // the portal's own choice
          && (e.type === "checkbox" || e.type === "radio" ? e.checked : held(e))).map((e) => e.name),
        others: fields.filter((e) => !own(e) && e.type !== "file" && held(e) !== before.get(e)).map((e) => e.name || e.tagName),
        given: given.filter((g) => g.input !== truth.files).length, files: given.filter((g) => g.input === truth.files).flatMap((g) => g.files),
        refuse: !!truth.refuse,
      }),
      aimed: (button) => button === truth.submit,
    };
  });
  window.__kinds = Object.keys(CHANGES);
})();
