// The network as WebGL 2 draws it. Places and ties arrive once; a frame brings one bit per user.
// Which ties are walls follows from the stances, and is found here. Ties are counted, not painted: one buffer
// holds how many pass each place, another how many of them are walls; a third pass turns counts into shades,
// so that dense parts are dark and walls shine only where most ties are walls, where camps touch.
const PLACE = `#version 300 es
precision highp float; in vec2 place; uniform vec2 scale, shift;`;
const TIES = [`${PLACE} void main() { gl_Position = vec4(place * scale + shift, 0.0, 1.0); }`, `#version 300 es
precision highp float; uniform float one; out vec4 o; void main() { o = vec4(one); }`];
const SHADES = [`#version 300 es
precision highp float; out vec2 at; void main() { at = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0; gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0); }`, `#version 300 es
precision highp float; in vec2 at; uniform sampler2D ties, walls; uniform float one, dark, bright, level; uniform vec3 ground, tie, wall; out vec4 o;
void main() {
  float all = texture(ties, at).r / one, torn = texture(walls, at).r / one;
  // Whether most ties around here are walls is seen from a little further away.
  float share = textureLod(walls, at, level).r / max(textureLod(ties, at, level).r, 1e-6), border = max(0.07, smoothstep(0.42, 0.8, share));
  vec3 sheet = mix(ground, tie, 1.0 - exp(-dark * all));
  o = vec4(mix(sheet, wall, border * (1.0 - exp(-bright * torn))), 1.0);
}`];
const USERS = [`${PLACE}
in float state, weight; in vec3 tint; uniform float size; uniform bool chosen; flat out int s; flat out vec3 own; flat out float wide;
void main() {
  s = int(state); own = tint;
  bool marked = (s & 6) != 0;
  gl_Position = marked == chosen ? vec4(place * scale + shift, 0.0, 1.0) : vec4(2.0, 2.0, 0.0, 1.0);
  wide = size * (0.8 + 1.5 * weight) * (marked ? 1.3 : 1.0);
  gl_PointSize = wide;
}`, `#version 300 es
precision highp float; flat in int s; flat in vec3 own; flat in float wide; uniform vec3 up, down, edge, ink, ground; uniform bool tinted; out vec4 o;
void main() {
  vec2 d = gl_PointCoord - 0.5;
  float r = 2.0 * length(d), soft = 1.8 / wide, cover = 1.0 - smoothstep(1.0 - soft, 1.0, r);
  // For: a full disc. Against: a light disc in a ring, a thin one where discs are small.
  vec3 full = tinted ? own : up, ring = tinted ? own : edge, light = tinted ? mix(own, vec3(1.0), 0.78) : down;
  vec3 fill = (s & 1) == 1 ? full : r > (wide < 5.0 ? 0.8 : 0.58) ? ring : light;
  if ((s & 1) == 1 && wide > 6.0 && r > 0.86) fill = ground;   // a rim, so that neighbors in a crowd are told apart
  if ((s & 2) != 0 && r > 0.72) fill = ink;                   // chosen by the reader
  if ((s & 4) != 0 && r > 0.72) fill = vec3(0.0, 0.52, 0.38); // pointed out by the page
  o = vec4(fill, cover);
}`];
// Okabe and Ito's hues for groups; numbers go from light to dark.
const HUES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#8c6d1f", "#5b6472", "#7f3c8d", "#b8a800", "#3b5b92", "#a3102a"];
const RAMP = [[222, 235, 247], [8, 48, 107]];
const read = (view, Type) => new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);

function program(gl, [vertex, fragment]) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text); gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  return { made, at: (name) => gl.getUniformLocation(made, name), slot: (name) => gl.getAttribLocation(made, name) };
}

function element(kind, css, text) {
  const made = document.createElement(kind);
  if (css) made.className = css;
  if (text) made.textContent = text;
  return made;
}

function save(name, blob) {
  const link = element("a"); link.href = URL.createObjectURL(blob); link.download = name; link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
// A cell that a table program would take for a formula is text, unless it is a number.
const plain = (text) => /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? "'" + text : text;
const quoted = (text) => /[",\r\n]/.test(text) ? '"' + plain(text).replaceAll('"', '""') + '"' : plain(text);
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

// A closed curve through points, round at each.
function round(ink, points) {
  ink.beginPath(); const m = points.length;
  if (m < 3) return;
  const between = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  ink.moveTo(...between(points[m - 1], points[0]));
  for (let i = 0; i < m; i++) ink.quadraticCurveTo(...points[i], ...between(points[i], points[(i + 1) % m]));
  ink.closePath();
}

function render({ model, el }) {
  const top = element("div", "sp-network-head"), frame = element("div", "sp-network");
  const heading = element("h2", "sp-card-title", model.get("heading")); const over = element("canvas", "sp-network-over"); over.setAttribute("aria-hidden", "true");
  const canvas = element("canvas", "sp-network-canvas");
  const label = element("div", "sp-network-label");
  const box = element("div", "sp-network-box");
  const keys = element("div", "sp-network-keys");
  const said = element("p", "sp-hidden"); said.setAttribute("aria-live", "polite");
  canvas.tabIndex = 0; canvas.setAttribute("role", "img");
  const help = element("p", "sp-hidden", "Keys: n and p go to the next and the previous user, the best connected first; Enter chooses; arrows move, plus and minus zoom, 0 shows everyone.");
  help.id = "network-keys-" + Math.random().toString(36).slice(2); canvas.setAttribute("aria-describedby", help.id);
  if (model.get("heading")) top.append(heading); top.append(keys); frame.append(canvas, over, label, box, said, help); el.append(top, frame);
  const tall = () => { frame.style.height = model.get("height") ? model.get("height") + "px" : ""; }; tall();
  const name = () => canvas.setAttribute("aria-label", model.get("summary"));
  name();

  // No alpha channel: with one, faint ties would mix with the page instead of with each other.
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false });
  if (!gl) {
    const words = element("p", "sp-network-words");
    const say = () => { words.textContent = model.get("summary") + " This browser cannot draw the network (no WebGL 2); all numbers beside it are complete."; };
    say(); frame.replaceChildren(words); model.on("change:summary", say);
    return () => model.off("change:summary", say);
  }
  const night = window.matchMedia("(prefers-color-scheme: dark)");
  let colors = {};
  const paint = () => { colors = { ...model.get("colors"), ...(night.matches ? { ground: "#161b24", tie: "#8e9bb0", ink: "#ffffff", up: "#4aa3d8", wall: "#ff62c4" } : {}) }; };
  paint();
  let tie, user, shade, buffers, places, states, ends, signs, order, degree, first, beside = null, rank = null, walked = -1, ties = 0, n = 0, walls = 0, version = 0, sheet = "";
  let zoom = 1, middle = [0, 0], extent = [1, 1], waiting = false, gone = false, hovered = -1;

  function build() {
    tie = program(gl, TIES); user = program(gl, USERS); shade = program(gl, SHADES);
    // Counts need more than 255 steps where many ties pass; without half floats they end there.
    const fine = !!gl.getExtension("EXT_color_buffer_float") || !!gl.getExtension("EXT_color_buffer_half_float");
    buffers = { fine, one: fine ? 1 : 1 / 255, places: gl.createBuffer(), states: gl.createBuffer(), tints: gl.createBuffer(), weights: gl.createBuffer(), ends: gl.createBuffer(), order: gl.createBuffer(), lines: gl.createVertexArray(), walls: gl.createVertexArray(), dots: gl.createVertexArray(), none: gl.createVertexArray(), sheets: [0, 1].map(() => ({ frame: gl.createFramebuffer(), paper: gl.createTexture(), w: 0, h: 0 })) };
    sheet = "";
    for (const [array, which] of [[buffers.lines, tie], [buffers.walls, tie], [buffers.dots, user]]) {
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers.places);
      gl.enableVertexAttribArray(which.slot("place")); gl.vertexAttribPointer(which.slot("place"), 2, gl.FLOAT, false, 0, 0);
    }
    for (const [name, buffer, count, whole] of [["state", buffers.states, 1, false], ["weight", buffers.weights, 1, true], ["tint", buffers.tints, 3, true]]) {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(user.slot(name)); gl.vertexAttribPointer(user.slot(name), count, gl.UNSIGNED_BYTE, whole, 0, 0);
    }
    gl.bindVertexArray(buffers.lines); gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.ends);
    gl.bindVertexArray(buffers.walls); gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.order); gl.bindVertexArray(null);
    network(); stances();
  }
  function network() {
    places = read(model.get("positions"), Float32Array); n = places.length / 2; extent = extents();
    ends = read(model.get("ties"), Uint32Array); signs = read(model.get("signs"), Int8Array);
    ties = ends.length / 2; order = new Uint32Array(2 * ties); beside = rank = null; walked = -1;
    degree = new Uint32Array(n); for (const i of ends) degree[i] += 1;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.places); gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    gl.bindVertexArray(buffers.lines); gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, ends, gl.STATIC_DRAW); gl.bindVertexArray(null);
    version += 1; looks();
  }
  // Colors and sizes by what is known of the users.
  function looks() {
    const codes = read(model.get("tint"), Uint8Array), sizes = read(model.get("weights"), Uint8Array), number = model.get("tint_names").length === 0;
    const tints = new Uint8Array(3 * n), weights = new Uint8Array(n).fill(34);
    for (let i = 0; i < codes.length && i < n; i++) {
      const c = codes[i], hue = c === 255 ? [170, 176, 186] : number ? RAMP[0].map((low, k) => low + ((RAMP[1][k] - low) * c) / 254) : rgb(HUES[c % HUES.length]).map((v) => 255 * v);
      for (let k = 0; k < 3; k++) tints[3 * i + k] = hue[k];
    }
    if (sizes.length === n) weights.set(sizes);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.tints); gl.bufferData(gl.ARRAY_BUFFER, tints, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.weights); gl.bufferData(gl.ARRAY_BUFFER, weights, gl.STATIC_DRAW);
  }
  function stances() {
    const bits = read(model.get("stances"), Uint8Array);
    states = new Uint8Array(n);
    for (let i = 0; i < n; i++) states[i] = (bits[i >> 3] >> (i & 7)) & 1;
    for (const i of model.get("selected")) if (i < n) states[i] |= 2;
    for (const i of read(model.get("marked"), Uint32Array)) if (i < n) states[i] |= 4;
    walls = 0;
    for (let t = 0; t < ties; t++) {
      const a = ends[2 * t], b = ends[2 * t + 1], unlike = ((states[a] ^ states[b]) & 1) === 1;
      if (unlike === signs[t] >= 0) { order[walls++] = a; order[walls++] = b; }
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.states); gl.bufferData(gl.ARRAY_BUFFER, states, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(buffers.walls); gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order.subarray(0, walls), gl.DYNAMIC_DRAW); gl.bindVertexArray(null);
  }
  function extents() {
    let ex = 1e-6, ey = 1e-6;
    for (let i = 0; i < n; i++) { ex = Math.max(ex, Math.abs(places[2 * i])); ey = Math.max(ey, Math.abs(places[2 * i + 1])); }
    return [ex, ey];
  }
  const ratio = () => Math.min(2, window.devicePixelRatio || 1);
  function view() {
    const w = canvas.clientWidth || 1, h = canvas.clientHeight || 1, margin = 0.94;
    // One scale for both axes, then each axis stretched a little to use the card it is in.
    const unit = Math.min((margin * w) / extent[0], (margin * h) / extent[1]);
    const stretch = (room, size) => Math.min(2.2, Math.max(1, (margin * room) / size / unit));
    const sx = (zoom * unit * stretch(w, extent[0])) / w, sy = (zoom * unit * stretch(h, extent[1])) / h;
    return { w, h, sx, sy, shift: [-middle[0] * sx, -middle[1] * sy] };
  }
  const size = () => Math.max(2.2, Math.min(26, (model.get("size") || Math.max(3, Math.min(12, 280 / Math.sqrt(n || 1)))) * Math.pow(zoom, 0.6)));
  function uniforms(which, v) {
    gl.useProgram(which.made);
    gl.uniform2f(which.at("scale"), v.sx, v.sy); gl.uniform2f(which.at("shift"), ...v.shift);
  }
  // The paper that ties are counted on: as fine as the screen for few ties, coarser where they are many.
  function paper(which, w, h) {
    const own = buffers.sheets[which];
    gl.bindTexture(gl.TEXTURE_2D, own.paper);
    if (own.w !== w || own.h !== h) {
      const [inside, kind] = buffers.fine ? [gl.R16F, gl.HALF_FLOAT] : [gl.R8, gl.UNSIGNED_BYTE];
      gl.texImage2D(gl.TEXTURE_2D, 0, inside, w, h, 0, gl.RED, kind, null);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR); gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
      for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
      gl.bindFramebuffer(gl.FRAMEBUFFER, own.frame); gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, own.paper, 0);
      own.w = w; own.h = h;
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, own.frame); gl.viewport(0, 0, w, h);
    gl.clearColor(0, 0, 0, 0); gl.clear(gl.COLOR_BUFFER_BIT);
  }
  function draw() {
    waiting = false;
    if (gone || gl.isContextLost()) return;
    const v = view(), k = ratio(), w = Math.round(v.w * k), h = Math.round(v.h * k), coarse = ties > 3000 ? Math.max(2, k * 1.5) : 1;
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    const pw = Math.max(1, Math.round(w / coarse)), ph = Math.max(1, Math.round(h / coarse));
    gl.enable(gl.BLEND); gl.blendFunc(gl.ONE, gl.ONE);
    uniforms(tie, v); gl.uniform1f(tie.at("one"), buffers.one);
    const count = (array, ends) => { gl.bindVertexArray(array); gl.drawElements(gl.LINES, ends, gl.UNSIGNED_INT, 0); gl.generateMipmap(gl.TEXTURE_2D); };
    const now = [pw, ph, zoom, ...middle, version].join();
    if (now !== sheet) { paper(0, pw, ph); count(buffers.lines, 2 * ties); sheet = now; lay(); }
    paper(1, pw, ph); count(buffers.walls, walls);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null); gl.viewport(0, 0, w, h); gl.disable(gl.BLEND);
    // How many ties pass a place in the thick of it: there the shade is half, whatever their number.
    const layers = (0.5 * ties * coarse) / Math.max(1, Math.min(w, h) * zoom);
    gl.useProgram(shade.made); gl.bindVertexArray(buffers.none);
    for (const [unit, name] of [[0, "ties"], [1, "walls"]]) { gl.activeTexture(gl.TEXTURE0 + unit); gl.bindTexture(gl.TEXTURE_2D, buffers.sheets[unit].paper); gl.uniform1i(shade.at(name), unit); }
    gl.activeTexture(gl.TEXTURE0);
    gl.uniform1f(shade.at("one"), buffers.one); gl.uniform1f(shade.at("level"), Math.log2((32 * k) / coarse)); gl.uniform1f(shade.at("dark"), Math.min(0.45, 0.6 / Math.max(1, layers))); gl.uniform1f(shade.at("bright"), Math.min(1.2, 2.4 / Math.max(1, layers)));
    for (const key of ["ground", "tie", "wall"]) gl.uniform3f(shade.at(key), ...rgb(colors[key]));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.enable(gl.BLEND); gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    uniforms(user, v); gl.bindVertexArray(buffers.dots);
    gl.uniform1f(user.at("size"), size() * k); gl.uniform1i(user.at("tinted"), model.get("tint").byteLength ? 1 : 0);
    for (const [key, hex] of [["up", colors.up], ["down", colors.down], ["edge", colors.down_edge], ["ink", colors.ink], ["ground", colors.ground]]) gl.uniform3f(user.at(key), ...rgb(hex));
    for (const chosen of [0, 1]) { gl.uniform1i(user.at("chosen"), chosen); gl.drawArrays(gl.POINTS, 0, n); }
    gl.bindVertexArray(null);
    canvas.dataset.frames = 1 + Number(canvas.dataset.frames || 0);
  }
  // What lies over the picture: chambers and their names, the best connected by name, a user's ties.
  const spot = (i, v) => [(1 + places[2 * i] * v.sx + v.shift[0]) * v.w / 2, (1 - places[2 * i + 1] * v.sy - v.shift[1]) * v.h / 2];
  function friends() {
    if (beside) return;
    first = new Uint32Array(n + 1); for (const i of ends) first[i + 1] += 1;
    for (let i = 0; i < n; i++) first[i + 1] += first[i];
    const at = first.slice(0, n); beside = new Uint32Array(2 * ties);
    for (let t = 0; t < ties; t++) { const a = ends[2 * t], b = ends[2 * t + 1]; beside[at[a]++] = b; beside[at[b]++] = a; }
  }
  function lay() {
    const v = view(), k = ratio(), ink = over.getContext("2d");
    over.width = Math.round(v.w * k); over.height = Math.round(v.h * k);
    ink.setTransform(k, 0, 0, k, 0, 0); ink.clearRect(0, 0, v.w, v.h);
    const taken = [], held = model.get("selected"), lit = hovered >= 0 ? hovered : held.length === 1 && held[0] < n ? held[0] : -1;
    const tag = (text, x, y, color, bold) => {
      ink.font = (bold ? "500 12.5px" : "12px") + " Roboto, 'Segoe UI', Arial, sans-serif";
      const wide = ink.measureText(text).width, left = Math.max(4, Math.min(v.w - wide - 4, x - wide / 2)), up = Math.max(14, Math.min(v.h - 5, y));
      if (taken.some(([l, r, t]) => left < r + 6 && left + wide > l - 6 && Math.abs(up - t) < 16)) return;
      taken.push([left, left + wide, up]);
      ink.lineWidth = 4; ink.lineJoin = "round"; ink.strokeStyle = colors.ground; ink.strokeText(text, left, up); ink.fillStyle = color; ink.fillText(text, left, up);
    };
    for (const [name, stance, flat] of model.get("hulls")) {
      const points = []; for (let i = 0; i + 1 < flat.length; i += 2) points.push([(1 + flat[i] * v.sx + v.shift[0]) * v.w / 2, (1 - flat[i + 1] * v.sy - v.shift[1]) * v.h / 2]);
      const color = stance > 0 ? colors.up : colors.down_edge;
      round(ink, points); ink.globalAlpha = 0.06; ink.fillStyle = color; ink.fill(); ink.globalAlpha = 0.9;
      ink.setLineDash(stance > 0 ? [] : [5, 4]); ink.lineWidth = 1.6; ink.strokeStyle = color; ink.stroke(); ink.setLineDash([]); ink.globalAlpha = 1;
      const highest = points.reduce((best, p) => (p[1] < best[1] ? p : best), points[0] || [0, 0]); tag(name, highest[0], highest[1] - 8, color, true);
    }
    if (lit >= 0) {
      friends(); const [x, y] = spot(lit, v); ink.strokeStyle = colors.ink; ink.lineWidth = 1.2; ink.globalAlpha = 0.55; ink.beginPath();
      const near = beside.subarray(first[lit], first[lit + 1]), r = size() / 2 + 2.5;
      for (const j of near) { ink.moveTo(x, y); ink.lineTo(...spot(j, v)); }
      ink.stroke(); ink.globalAlpha = 1; ink.lineWidth = 1.8; ink.beginPath();
      for (const j of [lit, ...near]) { const [a, b] = spot(j, v); ink.moveTo(a + r, b); ink.arc(a, b, r, 0, 7); }
      ink.stroke();
      if (lit !== hovered) tag(words(lit), x, y - r - 5, colors.ink, true);
    }
    for (const i of model.get("hubs")) if (i < n) { const [x, y] = spot(i, v); if (x > 0 && x < v.w && y > 0 && y < v.h) tag(words(i), x, y - size() / 2 - 6, colors.ink, false); }
  }
  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };

  // From a place in the canvas to a place in the network, and to the nearest user.
  function inside(x, y) {
    const v = view();
    return [((2 * x) / v.w - 1 - v.shift[0]) / v.sx, (1 - (2 * y) / v.h - v.shift[1]) / v.sy];
  }
  function nearest(x, y) {
    const v = view(), [px, py] = inside(x, y), reach = size() / 2 + 5;
    let best = -1, least = reach * reach;
    for (let i = 0; i < n; i++) {
      const dx = (places[2 * i] - px) * v.sx * v.w / 2, dy = (places[2 * i + 1] - py) * v.sy * v.h / 2, d = dx * dx + dy * dy;
      if (d < least) { least = d; best = i; }
    }
    return best;
  }
  function choose(users, words) {
    model.set("selected", users); model.save_changes(); stances(); soon(); lay();
    said.textContent = words;
  }
  function zoomed(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const before = inside(x, y);
    zoom = Math.max(0.5, Math.min(80, zoom * factor));
    const after = inside(x, y);
    middle = [middle[0] + before[0] - after[0], middle[1] + before[1] - after[1]]; soon();
  }
  function moved(dx, dy) { const v = view(); middle = [middle[0] - (2 * dx) / v.w / v.sx, middle[1] + (2 * dy) / v.h / v.sy]; soon(); }
  function whole() { zoom = 1; middle = [0, 0]; soon(); }

  const place = (event) => { const r = canvas.getBoundingClientRect(); return [event.clientX - r.left, event.clientY - r.top]; };
  // Users by keyboard: one after another, the best connected first.
  function show(i) { const v = view(), [x, y] = spot(i, v); hovered = i; told(i, [x, y]); lay(); }
  function walk(by) {
    if (!n) return;
    rank = rank || [...degree.keys()].sort((a, b) => degree[b] - degree[a] || a - b);
    const at = walked < 0 ? (by > 0 ? 0 : n - 1) : (rank.indexOf(walked) + by + n) % n;
    walked = rank[at]; show(walked);
    said.textContent = words(walked) + (states[walked] & 1 ? ", for" : ", against") + ", " + degree[walked] + " ties drawn";
  }
  function toggle() {
    if (walked < 0 || !model.get("selectable")) return;
    const held = model.get("selected"), next = held.includes(walked) ? held.filter((j) => j !== walked) : [walked];
    choose(next, next.includes(walked) ? words(walked) + " chosen" : words(walked) + " left out");
  }
  const pointers = new Map();
  let start = null, boxing = false, far = false, picking = false;
  const on = {
    pointerdown(event) {
      if (event.button > 0) return;
      canvas.setPointerCapture(event.pointerId); pointers.set(event.pointerId, place(event));
      start = place(event); far = pointers.size > 1; boxing = model.get("selectable") && (event.shiftKey || picking);
    },
    pointermove(event) {
      const now = place(event), last = pointers.get(event.pointerId);
      if (!last) { point(now); return; }
      if (Math.hypot(now[0] - start[0], now[1] - start[1]) > 4) far = true;
      if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
        const gap = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
        zoomed(gap(now) / Math.max(1, gap(last)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      } else if (boxing && far) {
        const [x0, x1] = [start[0], now[0]].sort((a, b) => a - b), [y0, y1] = [start[1], now[1]].sort((a, b) => a - b);
        Object.assign(box.style, { display: "block", left: x0 + "px", top: y0 + "px", width: x1 - x0 + "px", height: y1 - y0 + "px" });
      } else if (far) moved(now[0] - last[0], now[1] - last[1]);
      pointers.set(event.pointerId, now);
    },
    pointerup(event) {
      const now = place(event); if (!pointers.delete(event.pointerId) || !start) return;
      if (boxing && far) {
        const a = inside(...start), b = inside(...now), found = [];
        const [x0, x1] = [a[0], b[0]].sort((p, q) => p - q), [y0, y1] = [a[1], b[1]].sort((p, q) => p - q);
        for (let i = 0; i < n; i++) if (places[2 * i] >= x0 && places[2 * i] <= x1 && places[2 * i + 1] >= y0 && places[2 * i + 1] <= y1) found.push(i);
        choose(found, found.length + " users chosen");
      } else if (!far && model.get("selectable")) {
        const i = nearest(...now), held = model.get("selected");
        if (i >= 0) {
          const more = event.shiftKey || event.ctrlKey || event.metaKey || picking;
          const next = held.includes(i) ? held.filter((j) => j !== i) : more ? [...held, i] : [i];
          choose(next, next.includes(i) ? words(i) + " chosen" : words(i) + " left out");
        } else if (!picking && held.length) choose([], "nobody chosen");
      }
      box.style.display = "none"; boxing = false; if (!pointers.size) start = null;
    },
    pointercancel(event) { pointers.delete(event.pointerId); box.style.display = "none"; start = null; },
    pointerleave() { point(null); },
    wheel(event) { event.preventDefault(); zoomed(Math.exp(-event.deltaY * 0.0015), ...place(event)); },
    keydown(event) {
      const act = { n: () => walk(1), p: () => walk(-1), Enter: toggle, "+": () => zoomed(1.25), "=": () => zoomed(1.25), "-": () => zoomed(0.8), "0": whole, ArrowLeft: () => moved(40, 0), ArrowRight: () => moved(-40, 0), ArrowUp: () => moved(0, 40), ArrowDown: () => moved(0, -40), Escape: () => model.get("selected").length && choose([], "nobody chosen") }[event.key];
      if (act) { event.preventDefault(); act(); }
    },
    focus() { if (walked >= 0) show(walked); },
    blur() { point(null); },
    webglcontextlost(event) { event.preventDefault(); },
    webglcontextrestored() { build(); soon(); },
  };
  for (const [kind, act] of Object.entries(on)) canvas.addEventListener(kind, act, kind === "wheel" ? { passive: false } : undefined);

  const names = () => { const text = model.get("labels"); return text ? text.split("\n") : []; };
  let labels = names();
  const words = (i) => labels[i] || "user " + i;
  function told(i, at) {
    label.textContent = words(i) + (states[i] & 1 ? " · for" : " · against");
    const right = at[0] > canvas.clientWidth - 170;
    Object.assign(label.style, { display: "block", left: right ? "" : at[0] + 14 + "px", right: right ? canvas.clientWidth - at[0] + 14 + "px" : "", top: Math.max(4, at[1] - 12) + "px" });
  }
  function point(at) {
    const i = at ? nearest(...at) : -1, was = hovered;
    hovered = i; if (i !== was) lay();
    if (i < 0) { label.style.display = "none"; return; }
    told(i, at);
  }
  for (const [text, words, act] of [["+", "Zoom in", () => zoomed(1.4)], ["−", "Zoom out", () => zoomed(0.7)], ["◻", "Show everyone", whole]]) {
    const key = element("button", "sp-network-key", text); key.type = "button"; key.title = words; key.setAttribute("aria-label", words);
    key.addEventListener("click", act); keys.append(key);
  }
  if (model.get("selectable")) {
    const key = element("button", "sp-network-key", "⬚"); key.type = "button"; key.title = "Choose users: click, or draw a box (also: Shift and drag)"; key.setAttribute("aria-label", key.title); key.setAttribute("aria-pressed", "false");
    key.addEventListener("click", () => { picking = !picking; key.setAttribute("aria-pressed", String(picking)); canvas.style.cursor = picking ? "crosshair" : ""; }); keys.append(key);
  }
  const file = (kind) => "network-" + (model.get("heading") || "picture").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/-$/, "") + "." + kind;
  const takes = {
    PNG() {
      draw(); lay(); const both = element("canvas"); both.width = canvas.width; both.height = canvas.height;
      const ink = both.getContext("2d"); ink.drawImage(canvas, 0, 0); ink.drawImage(over, 0, 0, both.width, both.height);
      both.toBlob((blob) => save(file("png"), blob), "image/png");
    },
    SVG() { save(file("svg"), new Blob([svg()], { type: "image/svg+xml" })); },
    CSV() {
      const rows = ["user,x,y,stance,ties_drawn"];
      for (let i = 0; i < n; i++) rows.push([quoted(words(i)), places[2 * i], places[2 * i + 1], states[i] & 1 ? 1 : -1, degree[i]].join());
      save(file("csv"), new Blob([rows.join("\n") + "\n"], { type: "text/csv" }));
    },
  };
  function svg() {
    const v = view(), r = size() / 2, out = [`<svg xmlns="http://www.w3.org/2000/svg" width="${v.w}" height="${v.h}" viewBox="0 0 ${v.w} ${v.h}"><title>${escaped(model.get("summary"))}</title><rect width="100%" height="100%" fill="${colors.ground}"/>`];
    const at = Array.from({ length: n }, (_, i) => spot(i, v).map((x) => x.toFixed(1)).join(" ")), wall = new Set();
    for (let t = 0; t < 2 * walls; t += 2) wall.add(order[t] * n + order[t + 1]);
    for (const torn of [false, true]) {
      let d = ""; for (let t = 0; t < ties; t++) if (wall.has(ends[2 * t] * n + ends[2 * t + 1]) === torn) d += "M" + at[ends[2 * t]] + "L" + at[ends[2 * t + 1]];
      out.push(`<path d="${d}" fill="none" stroke="${torn ? colors.wall : colors.tie}" stroke-width="${torn ? 0.8 : 0.5}" stroke-opacity="${Math.max(0.04, Math.min(0.6, 900 / (ties || 1)))}"/>`);
    }
    for (let i = 0; i < n; i++) { const [x, y] = at[i].split(" "), up = states[i] & 1; out.push(`<circle cx="${x}" cy="${y}" r="${r.toFixed(1)}" fill="${up ? colors.up : colors.down}"${up ? "" : ` stroke="${colors.down_edge}" stroke-width="${(r * 0.4).toFixed(1)}"`}/>`); }
    return out.join("") + "</svg>";
  }
  for (const [kind, act] of Object.entries(takes)) {
    const key = element("button", "sp-network-key sp-network-save", kind); key.type = "button"; key.title = "Save this picture as " + kind + (kind === "CSV" ? ": users, places, stances" : ""); key.setAttribute("aria-label", key.title);
    key.addEventListener("click", act); keys.append(key);
  }

  const again = () => { stances(); soon(); };
  const follow = {
    "change:positions": () => { whole(); network(); again(); },
    "change:ties": () => { network(); again(); }, "change:signs": () => { network(); again(); },
    "change:stances": again, "change:selected": () => { again(); lay(); }, "change:marked": again,
    "change:tint": () => { looks(); soon(); }, "change:tint_names": () => { looks(); soon(); }, "change:weights": () => { looks(); soon(); },
    "change:hulls": lay, "change:hubs": lay, "change:heading": () => { heading.textContent = model.get("heading"); },
    "change:labels": () => { labels = names(); lay(); }, "change:summary": name,
    "change:height": () => { tall(); soon(); }, "change:size": soon,
  };
  const dusk = () => { paint(); sheet = ""; soon(); }; night.addEventListener("change", dusk);
  build();
  for (const [kind, act] of Object.entries(follow)) model.on(kind, act);
  const sizes = new ResizeObserver(soon); sizes.observe(canvas); soon();
  return () => {
    gone = true; sizes.disconnect(); night.removeEventListener("change", dusk);
    for (const [kind, act] of Object.entries(follow)) model.off(kind, act);
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  };
}
export default { render };
