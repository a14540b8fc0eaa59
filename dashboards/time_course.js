// Lines with bands over time, drawn as SVG from a few kilobytes per frame.
const SVG = "http://www.w3.org/2000/svg";
const read = (view) => new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
function make(kind, attributes, text) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
function nice(low, high, count) {
  const span = high - low || 1, rough = span / count, power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((k) => k >= rough);
  const ticks = [];
  for (let t = Math.ceil(low / step - 1e-9) * step; t <= high + step * 1e-9; t += step) ticks.push(Math.abs(t) < step * 1e-9 ? 0 : t);
  return ticks;
}
const short = (v) => (Number.isFinite(v) ? String(Number(v.toPrecision(4))).replace("-", "−") : "–");

function render({ model, el }) {
  const frame = document.createElement("div"); frame.className = "sp-chart"; frame.tabIndex = 0; frame.setAttribute("role", "img");
  const tip = document.createElement("div"); tip.className = "sp-chart-tip";
  const said = document.createElement("p"); said.className = "sp-hidden"; said.setAttribute("aria-live", "polite");
  const keys = document.createElement("div"); keys.className = "sp-keys";
  const foot = document.createElement("div"); foot.className = "sp-chart-foot";
  const saves = document.createElement("div"); saves.className = "sp-network-keys"; foot.append(keys, saves);
  let svg = make("svg", {}), cursor = null, waiting = false, geometry = null;
  frame.append(svg, tip, said); el.append(frame, foot);

  // Each series holds x, mean, low, high, one after another.
  function series() {
    const data = read(model.get("data")); let at = 0;
    return model.get("series").map((s) => {
      const take = () => data.slice(at, (at += s.count));
      return { ...s, x: take(), mean: take(), low: take(), high: take() };
    });
  }
  function limits(all) {
    const set = model.get("y_range"), xs = model.get("x_range");
    let low = Infinity, high = -Infinity, left = Infinity, right = -Infinity;
    for (const s of all) for (let i = 0; i < s.count; i++) {
      if (Number.isFinite(s.x[i])) { left = Math.min(left, s.x[i]); right = Math.max(right, s.x[i]); }
      for (const v of [s.mean[i], s.low[i], s.high[i]]) if (Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); }
    }
    if (!(low <= high)) [low, high] = [0, 1];
    if (!(left <= right)) [left, right] = [0, 1];
    if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
    const pad = 0.06 * (high - low); [low, high] = [low - pad, high + pad];
    if (set.length === 2) [low, high] = set;
    if (xs.length === 2) [left, right] = xs;
    if (left === right) right = left + 1;
    return { low, high, left, right };
  }
  function path(s, values, X, Y) {
    let d = "", pen = false;
    for (let i = 0; i < s.count; i++) {
      if (!Number.isFinite(values[i])) { pen = false; continue; }
      d += (pen ? "L" : "M") + X(s.x[i]).toFixed(1) + " " + Y(values[i]).toFixed(1); pen = true;
    }
    return d;
  }
  function band(s, X, Y) {
    let up = "", back = "", d = "";
    const close = () => { if (up) d += "M" + up.slice(1) + back + "Z"; up = ""; back = ""; };
    for (let i = 0; i < s.count; i++) {
      if (!Number.isFinite(s.low[i]) || !Number.isFinite(s.high[i])) { close(); continue; }
      const x = X(s.x[i]).toFixed(1);
      up += "L" + x + " " + Y(s.high[i]).toFixed(1); back = "L" + x + " " + Y(s.low[i]).toFixed(1) + back;
    }
    close(); return d;
  }
  function draw() {
    waiting = false;
    const all = series(), w = frame.clientWidth || 480, h = model.get("height"), m = { l: 54, r: 22, t: 14, b: 40 };
    const marks = model.get("marks"), { low, high, left, right } = limits(all);
    // Words that would meet go to the next of three rows; where all are taken the line alone stays.
    const ends = [], rows = marks.map(([at, words]) => {
      const x = m.l + ((at - left) / (right - left)) * (w - m.l - m.r), wide = 6.4 * words.length + 10, start = x > w - 90 ? x - wide : x;
      const row = [0, 1, 2].find((k) => !(ends[k] > start));
      if (row === undefined || at < left || at > right) return -1;
      ends[row] = start + wide; return row;
    });
    if (marks.length) m.t = 28 + 14 * Math.max(0, ...rows);
    const X = (x) => m.l + ((x - left) / (right - left)) * (w - m.l - m.r), Y = (y) => h - m.b - ((y - low) / (high - low)) * (h - m.t - m.b);
    const next = make("svg", { width: w, height: h, viewBox: `0 0 ${w} ${h}`, "aria-hidden": "true" });
    const clip = "clip" + Math.random().toString(36).slice(2);
    const defs = make("defs", {}), hole = make("clipPath", { id: clip }); hole.append(make("rect", { x: m.l, y: m.t - 2, width: Math.max(1, w - m.l - m.r), height: Math.max(1, h - m.t - m.b + 4) })); defs.append(hole); next.append(defs);
    for (const t of nice(low, high, Math.max(2, Math.round(h / 55)))) {
      next.append(make("line", { x1: m.l, x2: w - m.r, y1: Y(t), y2: Y(t), class: "sp-chart-grid" }));
      next.append(make("text", { x: m.l - 8, y: Y(t) + 4, class: "sp-chart-tick", "text-anchor": "end" }, short(t)));
    }
    for (const t of nice(left, right, Math.max(2, Math.round(w / 110)))) next.append(make("text", { x: X(t), y: h - m.b + 18, class: "sp-chart-tick", "text-anchor": "middle" }, short(t)));
    next.append(make("line", { x1: m.l, x2: w - m.r, y1: h - m.b, y2: h - m.b, class: "sp-chart-axis" }));
    next.append(make("text", { x: (m.l + w - m.r) / 2, y: h - 6, class: "sp-chart-title", "text-anchor": "middle" }, model.get("x_title")));
    next.append(make("text", { x: 12, y: (m.t + h - m.b) / 2, class: "sp-chart-title", "text-anchor": "middle", transform: `rotate(-90 12 ${(m.t + h - m.b) / 2})` }, model.get("y_title")));
    marks.forEach(([at, words], k) => {
      if (at < left || at > right) return;
      next.append(make("line", { x1: X(at), x2: X(at), y1: m.t - 6, y2: h - m.b, class: "sp-chart-mark" }));
      if (rows[k] < 0) return;
      const end = X(at) > w - 90;
      next.append(make("text", { x: X(at) + (end ? -4 : 4), y: 14 + 14 * rows[k], class: "sp-chart-tick", "text-anchor": end ? "end" : "start" }, words));
    });
    const body = make("g", { "clip-path": `url(#${clip})` }); next.append(body);
    for (const s of all) body.append(make("path", { d: band(s, X, Y), fill: s.color, "fill-opacity": 0.14 }));
    for (const s of all) {
      body.append(make("path", { d: path(s, s.mean, X, Y), fill: "none", stroke: s.color, "stroke-width": 1.8, "stroke-dasharray": s.dash, "stroke-linejoin": "round" }));
      if (s.points || s.count === 1) for (let i = 0; i < s.count; i++) if (Number.isFinite(s.mean[i])) body.append(make("circle", { cx: X(s.x[i]), cy: Y(s.mean[i]), r: 3, fill: s.color }));
    }
    svg.replaceWith(next); svg = next; geometry = { all, X, Y, left, right, m, w, h };
    frame.style.height = h + "px"; frame.setAttribute("aria-label", model.get("summary"));
    frame.dataset.frames = 1 + Number(frame.dataset.frames || 0);
    point(cursor, false);
  }
  function legend() {
    keys.replaceChildren(...model.get("series").map((s) => {
      const key = document.createElement("span"); key.className = "sp-key";
      const line = make("svg", { width: 26, height: 10, "aria-hidden": "true" }); line.append(make("line", { x1: 0, x2: 26, y1: 5, y2: 5, stroke: s.color, "stroke-width": 2, "stroke-dasharray": s.dash }));
      key.append(line, document.createTextNode(s.name)); return key;
    }));
    keys.style.display = model.get("series").length > 1 || model.get("legend") ? "" : "none";
  }
  function point(x, loud) {
    svg.querySelectorAll(".sp-chart-cursor").forEach((e) => e.remove());
    cursor = x;
    if (x === null || !geometry) { tip.style.display = "none"; return; }
    const { all, X, Y, m, w, h } = geometry; let shown = null; const rows = [];
    for (const s of all) {
      let best = -1;
      for (let i = 0; i < s.count; i++) if (Number.isFinite(s.mean[i]) && (best < 0 || Math.abs(s.x[i] - x) < Math.abs(s.x[best] - x))) best = i;
      if (best < 0) continue;
      if (shown === null) shown = s.x[best];
      const spread = Number.isFinite(s.low[best]) && s.high[best] > s.low[best] ? ` (${short(s.low[best])} to ${short(s.high[best])})` : "";
      rows.push([s, `${s.name}: ${short(s.mean[best])}${spread}`]);
      svg.append(make("circle", { cx: X(s.x[best]), cy: Y(s.mean[best]), r: 3.5, fill: s.color, stroke: "#fff", class: "sp-chart-cursor" }));
    }
    if (shown === null) { tip.style.display = "none"; return; }
    svg.append(make("line", { x1: X(shown), x2: X(shown), y1: m.t, y2: h - m.b, class: "sp-chart-cursor sp-chart-hair" }));
    const head = document.createElement("div"); head.textContent = `${model.get("x_title")} ${short(shown)}`; head.className = "sp-chart-tip-head";
    tip.replaceChildren(head, ...rows.map(([s, words]) => { const row = document.createElement("div"); const dot = document.createElement("i"); dot.style.background = s.color; row.append(dot, document.createTextNode(words)); return row; }));
    const right = X(shown) > w / 2;
    Object.assign(tip.style, { display: "block", top: m.t + "px", left: right ? "" : X(shown) + 12 + "px", right: right ? w - X(shown) + 12 + "px" : "" });
    if (loud) said.textContent = tip.innerText.replaceAll("\n", ", ");
  }
  // The chart as a file of its own: what the style of the page says is written into each line and word.
  function picture() {
    const { w, h, all } = geometry, copy = svg.cloneNode(true), ink = getComputedStyle(frame);
    const own = svg.querySelectorAll("[class]"), copies = copy.querySelectorAll("[class]"), tall = h + 20 * all.length + (all.length ? 8 : 0);
    own.forEach((each, i) => {
      const style = getComputedStyle(each);
      for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size"]) copies[i].setAttribute(name, style.getPropertyValue(name));
      if (each.classList.contains("sp-chart-cursor")) copies[i].remove(); else copies[i].removeAttribute("class");
    });
    for (const [name, value] of Object.entries({ xmlns: SVG, height: tall, viewBox: `0 0 ${w} ${tall}`, "font-family": "Roboto, Arial, sans-serif" })) copy.setAttribute(name, value);
    copy.removeAttribute("aria-hidden");
    copy.prepend(make("title", {}, model.get("summary")), make("rect", { width: "100%", height: "100%", fill: ink.getPropertyValue("--card").trim() || "#ffffff" }));
    all.forEach((s, k) => {
      const y = h + 12 + 20 * k;
      copy.append(make("line", { x1: 54, x2: 80, y1: y, y2: y, stroke: s.color, "stroke-width": 2, "stroke-dasharray": s.dash }));
      copy.append(make("text", { x: 88, y: y + 4, fill: ink.color, "font-size": 12 }, s.name));
    });
    return { text: new XMLSerializer().serializeToString(copy), w, h: tall };
  }
  const save = (kind, blob) => {
    const link = document.createElement("a"), name = model.get("y_title").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    link.href = URL.createObjectURL(blob); link.download = `${name || "chart"}.${kind.toLowerCase()}`; link.click(); setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const takes = {
    PNG() {
      const { text, w, h } = picture(), image = new Image(), sheet = document.createElement("canvas");
      image.onload = () => { sheet.width = 2 * w; sheet.height = 2 * h; sheet.getContext("2d").drawImage(image, 0, 0, 2 * w, 2 * h); sheet.toBlob((blob) => save("PNG", blob), "image/png"); };
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
    },
    SVG() { save("SVG", new Blob([picture().text], { type: "image/svg+xml" })); },
    CSV() {
      const plain = (text) => (/^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? "'" + text : text);  // no formula of a table program
      const quoted = (text) => (/[",\r\n]/.test(text) ? '"' + plain(text).replaceAll('"', '""') + '"' : plain(text)), number = (v) => (Number.isFinite(v) ? v : "");
      const rows = [["series", model.get("x_title"), "mean", "low", "high"].map(quoted).join()];
      for (const s of series()) for (let i = 0; i < s.count; i++) rows.push([quoted(s.name), ...[s.x, s.mean, s.low, s.high].map((part) => number(part[i]))].join());
      save("CSV", new Blob([rows.join("\n") + "\n"], { type: "text/csv" }));
    },
  };
  for (const [kind, take] of Object.entries(takes)) {
    const key = document.createElement("button"); key.type = "button"; key.className = "sp-network-key sp-network-save"; key.textContent = kind;
    key.title = `Save this chart as ${kind}${kind === "CSV" ? ": the values as drawn" : ""}`; key.setAttribute("aria-label", key.title);
    key.addEventListener("click", () => { if (geometry) take(); }); saves.append(key);
  }
  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };
  frame.addEventListener("pointermove", (event) => {
    if (!geometry) return;
    const { left, right, m, w } = geometry, x = event.clientX - frame.getBoundingClientRect().left;
    point(left + ((x - m.l) / (w - m.l - m.r)) * (right - left), false);
  });
  frame.addEventListener("pointerleave", () => point(null, false));
  frame.addEventListener("keydown", (event) => {
    if (!geometry || !["ArrowLeft", "ArrowRight", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") { point(null, false); return; }
    const { left, right } = geometry, step = ((right - left) / 20) * (event.key === "ArrowRight" ? 1 : -1);
    point(Math.min(right, Math.max(left, cursor === null ? (step > 0 ? left : right) : cursor + step)), true);
  });
  const again = () => { legend(); soon(); };
  for (const what of ["data", "series", "marks", "x_range", "y_range", "height", "summary", "x_title", "y_title"]) model.on("change:" + what, again);
  const sizes = new ResizeObserver(soon); sizes.observe(frame); again();
  return () => { sizes.disconnect(); model.off(null, again); };
}
export default { render };
