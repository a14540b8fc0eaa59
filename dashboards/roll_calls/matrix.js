// A table of couplings as colored cells: one pixel per pair, scaled up; numbers on hover and by key.
const short = (v) => v.toFixed(3).replace("-", "−");
const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));

function render({ model, el }) {
  const frame = document.createElement("div"); frame.className = "sp-rc-matrix"; frame.tabIndex = 0; frame.setAttribute("role", "application");
  const canvas = document.createElement("canvas"); canvas.className = "sp-rc-matrix-canvas";
  const tip = document.createElement("div"); tip.className = "sp-chart-tip";
  const said = document.createElement("p"); said.className = "sp-hidden"; said.setAttribute("aria-live", "polite");
  frame.append(canvas, tip, said); el.append(frame);
  let names = [], n = 0, cells = null, values = null, at = null, geometry = null, waiting = false;

  function read() {
    const bytes = model.get("values");
    values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    names = model.get("names").split("\n"); n = names.length;
    const colors = model.get("colors"), up = rgb(colors.positive), down = rgb(colors.negative), limit = model.get("limit") || 1;
    const image = new ImageData(n, n);
    for (let k = 0; k < n * n; k++) {
      const share = Math.max(-1, Math.min(1, values[k] / limit)), end = share > 0 ? up : down, weight = Math.abs(share);
      for (let c = 0; c < 3; c++) image.data[4 * k + c] = 255 + (end[c] - 255) * weight;
      image.data[4 * k + 3] = 255;
    }
    cells = document.createElement("canvas"); cells.width = cells.height = n;
    cells.getContext("2d").putImageData(image, 0, 0);
    at = null;
  }
  function draw() {
    waiting = false;
    if (!frame.isConnected) return;
    const wide = frame.clientWidth, ratio = window.devicePixelRatio || 1;
    if (!wide || !n) return;
    const named = n <= 30, margin = named ? 92 : 16, side = Math.min(wide - margin - 4, model.get("largest"));
    const high = side + margin + 4, cell = side / n;
    canvas.width = wide * ratio; canvas.height = high * ratio;
    canvas.style.width = wide + "px"; canvas.style.height = high + "px";
    const pen = canvas.getContext("2d"); pen.scale(ratio, ratio);
    const left = Math.max(margin, Math.floor((wide - side + margin) / 2) - (named ? 0 : 8)), top = margin;
    geometry = { left, top, side, cell };
    const colors = model.get("colors");
    pen.imageSmoothingEnabled = cell < 1;
    pen.drawImage(cells, left, top, side, side);
    pen.strokeStyle = colors.rule; pen.lineWidth = 1; pen.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
    // Blocs: a line where one ends, and a strip that says which.
    const edge = model.get("edge");
    if (edge > 0 && edge < n) {
      pen.strokeStyle = colors.ink; pen.lineWidth = 1.2; pen.beginPath();
      pen.moveTo(left + edge * cell, top); pen.lineTo(left + edge * cell, top + side);
      pen.moveTo(left, top + edge * cell); pen.lineTo(left + side, top + edge * cell); pen.stroke();
    }
    const camps = model.get("camps");
    for (let i = 0; i < n; i++) {
      const first = camps.getUint8(i) === 0;
      pen.fillStyle = first ? colors.up : colors.down;
      pen.fillRect(left + i * cell, top - 9, Math.max(cell, 1), 6); pen.fillRect(left - 9, top + i * cell, 6, Math.max(cell, 1));
    }
    pen.fillStyle = colors.ink; pen.font = "12px Roboto, sans-serif"; pen.textBaseline = "middle";
    if (named) for (let i = 0; i < n; i++) {
      const text = names[i].length > 12 ? names[i].slice(0, 11) + "…" : names[i];
      pen.textAlign = "right"; pen.fillText(text, left - 13, top + (i + 0.5) * cell);
      pen.save(); pen.translate(left + (i + 0.5) * cell, top - 13); pen.rotate(-Math.PI / 2); pen.textAlign = "left"; pen.fillText(text, 0, 0); pen.restore();
    }
    const chosen = model.get("chosen");
    if (chosen >= 0) {
      pen.strokeStyle = colors.mark; pen.lineWidth = 1.6;
      pen.strokeRect(left, top + chosen * cell, side, cell); pen.strokeRect(left + chosen * cell, top, cell, side);
    }
    if (at) { pen.strokeStyle = colors.ink; pen.lineWidth = 2; pen.strokeRect(left + at[1] * cell - 1, top + at[0] * cell - 1, cell + 2, cell + 2); }
  }
  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };
  function show(cell) {
    at = cell; soon();
    if (!cell) { tip.style.display = "none"; return; }
    const [i, j] = cell, text = i === j ? names[i] : `${names[i]} – ${names[j]}: coupling ${short(values[i * n + j])}`;
    tip.textContent = text; said.textContent = text; tip.style.display = "block";
    const x = geometry.left + (j + 0.5) * geometry.cell, y = geometry.top + (i + 1) * geometry.cell;
    tip.style.left = Math.max(0, Math.min(x, frame.clientWidth - tip.offsetWidth - 2)) + "px"; tip.style.top = y + 8 + "px";
  }
  function under(event) {
    if (!geometry) return null;
    const box = canvas.getBoundingClientRect(), { left, top, cell } = geometry;
    const j = Math.floor((event.clientX - box.left - left) / cell), i = Math.floor((event.clientY - box.top - top) / cell);
    return i >= 0 && j >= 0 && i < n && j < n ? [i, j] : null;
  }
  function choose(i) { model.set("chosen", i); model.save_changes(); soon(); }
  canvas.addEventListener("mousemove", (event) => show(under(event)));
  canvas.addEventListener("mouseleave", () => show(null));
  canvas.addEventListener("click", (event) => { const cell = under(event); if (cell) choose(cell[0]); });
  frame.addEventListener("blur", () => show(null));
  frame.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step) { event.preventDefault(); const from = at || [0, 0]; show([0, 1].map((k) => Math.max(0, Math.min(n - 1, from[k] + (at ? step[k] : 0))))); }
    if (event.key === "Enter" && at) choose(at[0]);
    if (event.key === "Escape") show(null);
  });
  function describe() { frame.setAttribute("aria-label", model.get("summary") + " Arrow keys read pairs, Enter chooses a member."); }
  const fresh = () => { read(); soon(); };
  for (const name of ["values", "names"]) model.on("change:" + name, fresh);
  for (const name of ["camps", "edge", "chosen", "largest"]) model.on("change:" + name, soon);
  model.on("change:summary", describe);
  const watch = new ResizeObserver(soon); watch.observe(frame);
  read(); describe(); soon();
  return () => watch.disconnect();
}
export default { render };
