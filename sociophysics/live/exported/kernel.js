// The engine of the Python package, operation by operation: same seed, same flips.
//
// A word holds a user's field and stance, `field << 1 | (stance == +1)`, in 32 bits; a draw is a
// SplitMix64 hash of a counter, kept here as two halves of 32 bits. Only + - * / and comparisons
// decide what happens, which browsers round as Python does; the one logarithm (a draw between two
// bounds of its bin, one in some hundred) is watched: `close` counts the draws that stood so near
// to it that another rounding could have decided otherwise.
"use strict";

const Society = (() => {
  const ROUND = 6755399441055744; // 1.5 * 2^52: adding it rounds to whole numbers, halves to even
  const WHOLE = 4294967296;
  const UNANIMOUS = 1 - 1e-12;
  let H = 0, L = 0; // the 64-bit word that the functions below leave behind

  const rint = (x) => (x + ROUND) - ROUND;

  function upper(a, b) { // upper half of the product of two unsigned words of 32 bits
    const a0 = a & 0xffff, a1 = a >>> 16, b0 = b & 0xffff, b1 = b >>> 16;
    const first = (Math.imul(a1, b0) >>> 0) + ((Math.imul(a0, b0) >>> 0) >>> 16);
    const second = (Math.imul(a0, b1) >>> 0) + (first & 0xffff);
    return (Math.imul(a1, b1) >>> 0) + (first >>> 16) + (second >>> 16);
  }

  function multiply(ah, al, bh, bl) {
    H = (Math.imul(ah, bl) + Math.imul(al, bh) + upper(al, bl)) | 0;
    L = Math.imul(al, bl);
  }

  function add(ah, al, bh, bl) {
    const low = (al >>> 0) + (bl >>> 0);
    L = low | 0;
    H = (ah + bh + (low >= WHOLE ? 1 : 0)) | 0;
  }

  function mix(h, l) {
    l ^= (l >>> 30) | (h << 2); h ^= h >>> 30;
    multiply(h, l, 0xbf58476d, 0x1ce4e5b9);
    l = L ^ ((L >>> 27) | (H << 5)); h = H ^ (H >>> 27);
    multiply(h, l, 0x94d049bb, 0x133111eb);
    L ^= (L >>> 31) | (H << 1); H ^= H >>> 31;
  }

  function uniform() { // of the word that is there: its upper 53 bits
    return ((H >>> 0) * 2097152 + (L >>> 11) + 0.5) * 1.1102230246251565e-16;
  }

  function plain(mean) {
    return Math.abs(mean) > UNANIMOUS ? (mean > 0 ? 1 : -1) : mean;
  }

  function respond(up, down, stance, alpha, factor) { // alpha is 0 or 1
    if (down === 0) return 1;
    if (up === 0) return -1;
    let more = up, less = down;
    if (alpha === 1) { more = up * up; less = down * down; }
    less *= stance > 0 ? factor : 1;
    more *= stance > 0 ? 1 : factor;
    return (more - less) / (more + less);
  }

  const TYPES = {
    f8: Float64Array, i8: BigInt64Array, i4: Int32Array, i2: Int16Array, u1: Uint8Array,
    u2: Uint16Array,
  };

  // Put the arrays of the page's data in their places.
  function unpacked(told) {
    const bytes = told.arrays.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    const open = (value) => {
      if (value === null || typeof value !== "object") return value;
      if (Array.isArray(value)) return value.map(open);
      if ("array" in value) return new TYPES[value.type](bytes[value.array].buffer);
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, open(each)]));
    };
    const { arrays, ...rest } = told;
    return open(rest);
  }

  class Society {
    constructor(told) {
      Object.assign(this, told);
      const n = this.n;
      this.words = new Int32Array(n);
      this.applied = new Int32Array(n);
      this.phi = new Float64Array(n);
      this.shown = new Float64Array(n);
      this.spins = new Int8Array(n);
      this.weights = new Int32Array(this.network.listeners.length);
      this.first = new Float64Array(1024);
      this.open = new Float64Array(1024);
      this.restart(0, 0, this.strength, this.temperature);
    }

    // Begin anew: a course of chance, a feed, and the places of strength and temperature.
    restart(replica, option, strength, temperature) {
      this.replica = replica;
      this.sweep = 0;
      this.flipped = 0;
      this.close = 0;
      const { n, starts } = this, bytes = Math.ceil(n / 8);
      for (let i = 0; i < n; i++) {
        this.spins[i] = (starts[replica * bytes + (i >> 3)] >> (i & 7)) & 1 ? 1 : -1;
      }
      const key = this.keys[replica];
      this.counter = [key[1] | 0, key[0] | 0];
      mix(key[3] | 0, key[2] | 0);
      this.stride = [H, L | 1];
      this.wanted = { option, strength, temperature };
      this.now = null;
      this.base = null;
      this.acts = [];
    }

    // What is to act from the next sweep on; what changes nothing is not remembered.
    want(changes) {
      Object.assign(this.wanted, changes);
    }

    apply() {
      const { now, wanted } = this;
      const was = now && this.options[now.option];
      const chosen = this.options[wanted.option];
      const fed = !now || now.option !== wanted.option ||
        (chosen.pulls && now.strength !== wanted.strength);
      const heated = !now || now.temperature !== wanted.temperature;
      this.now = { ...wanted };
      if (!now) this.base = this.now;
      else if (fed || heated) this.acts.push({ at: this.sweep, fed, heated, ...this.now });
      if (fed) {
        const { plan } = chosen;
        const kept = was && was.plan.way === "memory" && plan.way === "memory";
        if (plan.way === "memory" && !kept) this.trace = Float64Array.from(this.spins);
        this.seen = null;
        this.load(chosen.pulls ? this.scales.fed[wanted.strength] : this.scales.none);
        if (plan.way === "none") this.changeField(false);
      }
      if (fed || heated) this.bounds(this.temperatures[wanted.temperature]);
    }

    // Store couplings and fields in this unit.
    load(scale) {
      const { words, weights, applied, spins, n } = this;
      const { ends, listeners, values, codes } = this.network;
      this.scale = scale;
      const sizes = Int32Array.from(values, (value) => rint(value * scale));
      for (let p = 0; p < weights.length; p++) weights[p] = sizes[codes ? codes[p] : 0];
      words.fill(0);
      applied.fill(0);
      for (let j = 0; j < n; j++) {
        for (let p = ends[j]; p < ends[j + 1]; p++) words[listeners[p]] += weights[p] * spins[j];
      }
      for (let i = 0; i < n; i++) words[i] = 2 * words[i] + (spins[i] > 0 ? 1 : 0);
    }

    // Bounds of the field between which a draw of each bin is open.
    bounds(temperature) {
      const { first, open, logit, scale } = this, far = 2 ** 40;
      const unit = this.unit = scale * temperature / 2;
      const within = (x) => Math.min(Math.max(x, -far), far);
      for (let b = 0; b < 1024; b++) {
        first[b] = within(Math.floor(unit * logit[b]));
        open[b] = within(Math.ceil(unit * logit[b + 1]) + 1) - first[b];
      }
    }

    changeField(fed) {
      const { words, applied, phi, h, scale, n } = this;
      for (let i = 0; i < n; i++) {
        const own = h ? h[i] : 0, value = fed ? own + phi[i] : own;
        const fresh = rint(value * scale);
        words[i] += 2 * (fresh - applied[i]);
        applied[i] = fresh;
      }
    }

    rises(field, h, l) {
      const { unit } = this, high = l >>> 0;
      mix(h ^ 0xd6e8feb8, l ^ 0x6659fd93);
      const low = H >>> 0, most = WHOLE - 1;
      const v = (high * WHOLE + low + 0.5) * 2 ** -64;
      const rest = ((most - high) * WHOLE + (most - low) + 0.5) * 2 ** -64;
      const up = Math.log(v), down = Math.log(rest), bound = unit * (up - down);
      const blur = 1e-15 * unit * (Math.abs(up) + Math.abs(down));
      if (bound !== 0 && Math.abs(field - bound) <= blur) this.close++;
      return field > bound || (field === bound && high < WHOLE / 2) ? 1 : 0;
    }

    // One sweep: the feed looks at the stances, then n users are drawn.
    advance() {
      this.apply();
      const { words, spins, weights, first, open, n } = this;
      const { ends, listeners } = this.network;
      const { plan } = this.options[this.now.option];
      if (plan.way !== "none") {
        this.refresh(plan, this.strengths[this.now.strength]);
        this.changeField(true);
      }
      const [sh, sl] = this.stride;
      let [ch, cl] = this.counter;
      for (let k = 0; k < n; k++) {
        add(ch, cl, sh, sl);
        ch = H; cl = L;
        mix(ch, cl);
        const h = H, l = L, i = Math.floor((h >>> 0) * n / WHOLE);
        const word = words[i], field = word >> 1, bin = l >>> 22, above = field - first[bin];
        let set = above < 0 ? 0 : 1;
        if (above >= 0 && above < open[bin]) set = this.rises(field, h, l);
        if (set === (word & 1)) continue;
        this.flipped++;
        words[i] = word ^ 1;
        const change = 4 - 8 * (word & 1);
        for (let p = ends[i]; p < ends[i + 1]; p++) words[listeners[p]] += change * weights[p];
      }
      this.counter = [ch, cl];
      for (let i = 0; i < n; i++) spins[i] = words[i] & 1 ? 1 : -1;
      if (plan.way === "memory") {
        const { trace } = this;
        for (let i = 0; i < n; i++) trace[i] = trace[i] + (spins[i] - trace[i]) / plan.tau;
      }
      this.sweep++;
    }

    refresh(plan, strength) {
      const { phi, shown, spins, n } = this;
      if (plan.way === "own") {
        for (let i = 0; i < n; i++) phi[i] = plan.sign * strength * spins[i];
      } else if (plan.way === "same") {
        phi.fill(strength);
      } else if (plan.way === "memory") {
        for (let i = 0; i < n; i++) phi[i] = strength * this.trace[i];
      } else {
        if (plan.way === "groups") this.ofGroups(plan);
        else this.ofFollowed(plan);
        if (plan.slots) this.draw(plan);
        for (let i = 0; i < n; i++) phi[i] = strength * shown[i];
      }
    }

    ofGroups({ groups, sizes, weights, own, alpha, gamma, factor }) {
      const { spins, shown, n } = this, ranked = alpha !== 0 || gamma !== 0;
      const sums = sizes.map(() => 0);
      for (let i = 0; i < n; i++) sums[groups[i]] += spins[i];
      const answers = [];
      for (let g = 0; g < sizes.length; g++) {
        for (const stance of [-1, 1]) {
          let mean = 0, up = 0, down = 0, reached = false;
          for (let c = 0; c < sizes.length; c++) {
            const weight = weights[g][c];
            if (weight === 0) continue;
            reached = true;
            const leave = c === g ? own : 0;
            const size = sizes[c] - leave, total = sums[c] - leave * stance;
            mean += weight * total / size;
            up += weight * (size + total) / (2 * size);
            down += weight * (size - total) / (2 * size);
          }
          const answer = ranked ? respond(up, down, stance, alpha, factor) : plain(mean);
          answers.push(reached ? answer : 0);
        }
      }
      for (let i = 0; i < n; i++) shown[i] = answers[2 * groups[i] + (spins[i] > 0 ? 1 : 0)];
    }

    // Sums of the stances followed, brought up to date from flip to flip: whole numbers.
    hear({ heard, listeners, shares }) {
      const { spins, n } = this;
      if (!this.seen) {
        this.seen = new Int8Array(n);
        this.sums = shares ? new BigInt64Array(n) : new Int32Array(n);
      }
      const { seen, sums } = this;
      for (let j = 0; j < n; j++) {
        const change = spins[j] - seen[j];
        if (change === 0) continue;
        seen[j] = spins[j];
        if (shares) {
          const wide = BigInt(change);
          for (let p = heard[j]; p < heard[j + 1]; p++) sums[listeners[p]] += wide * shares[p];
        } else {
          for (let p = heard[j]; p < heard[j + 1]; p++) sums[listeners[p]] += change;
        }
      }
    }

    ofFollowed(plan) {
      this.hear(plan);
      const { sums, spins, shown, n } = this;
      const { whole, shares, answers, starts, half, alpha, gamma, factor } = plan;
      const zero = shares ? 0n : 0;
      for (let i = 0; i < n; i++) {
        const all = whole[i], total = sums[i];
        if (all === zero) shown[i] = 0;
        else if (answers) {
          // Made for who stands at +1; the opposite case is answered by the opposite.
          let up = (total + all) / 2;
          const turned = half ? 2 * up < all : spins[i] < 0;
          if (turned) up = all - up;
          const answer = answers[starts[all] + up];
          shown[i] = turned ? -answer : answer;
        } else if (alpha === 0 && gamma === 0) shown[i] = plain(Number(total) / Number(all));
        else {
          const scale = 0.5 / Number(all);
          const up = scale * Number(all + total), down = scale * Number(all - total);
          shown[i] = respond(up, down, spins[i], alpha, factor);
        }
      }
    }

    // Some posts instead of the expected feed, drawn for every user and sweep.
    draw({ slots, reached }) {
      const { shown, n } = this, key = this.feed_keys[this.replica];
      mix(key[3] | 0, key[2] | 0);
      const sh = H, sl = L | 1;
      mix((key[3] | 0) ^ 0x9fb21c65, (key[2] | 0) ^ 0x1e98df25);
      const wh = H, wl = L | 1;
      for (let i = 0; i < n; i++) {
        if (reached && !reached[i]) { shown[i] = 0; continue; }
        const chance = 0.5 * (1 + shown[i]), place = (this.sweep + 1) * n + i;
        multiply(Math.floor(place / WHOLE) | 0, place | 0, sh, sl);
        add(H, L, key[1] | 0, key[0] | 0);
        mix(H, L);
        let h = H, l = L, drawn = 0;
        for (let k = 0; k < slots; k++) {
          add(h, l, wh, wl);
          h = H; l = L;
          mix(h, l);
          drawn += uniform() < chance ? 1 : 0;
        }
        shown[i] = (2 * drawn - slots) / slots;
      }
    }

    // The scenario that the command line repeats to the stances shown.
    scenario() {
      const number = (x) => (Number.isInteger(x) ? x.toFixed(1) : String(x));
      const feed = ({ option, strength }) => {
        const { toml, pulls } = this.options[option];
        return pulls ? [...toml, `strength = ${number(this.strengths[strength])}`] : toml;
      };
      const { toml } = this, base = this.base || this.wanted, sweeps = Math.max(this.sweep, 1);
      const up = this.spins.reduce((count, spin) => count + (spin > 0 ? 1 : 0), 0);
      const lines = [
        `# After sweep ${this.sweep}, replica ${this.replica}: ${up} of ${this.n} users at +1.`,
        "# sociophysics run FILE repeats it; run.users() gives the stances.",
      ];
      if (this.close) {
        lines.push(`# ${this.close} draws were nearer to even than browsers round logarithms.`);
      }
      lines.push(
        "", toml.head.trim(), "", "[dynamics]",
        `temperature = ${number(this.temperatures[base.temperature])}`,
        `sweeps = ${sweeps}`, toml.start, 'kernel = "fixed-point"', "",
        "[observe]", `every = ${Math.min(toml.every, sweeps)}`, toml.names, "",
        "[sweep]", `replicas = ${this.replica + 1}`, toml.sweep,
      );
      lines.push("", "[feed]", ...feed(base));
      for (const act of this.acts) {
        const head = ["", "[[interventions]]"];
        if (act.fed) lines.push(...head, 'kind = "feed"', `at = ${act.at}`, `feed = { ${feed(act).join(", ")} }`);
        if (act.heated) {
          const temperature = number(this.temperatures[act.temperature]);
          lines.push(...head, 'kind = "heat"', `at = ${act.at}`, `temperature = ${temperature}`);
        }
      }
      return lines.join("\n") + "\n";
    }
  }

  Society.unpacked = unpacked;
  return Society;
})();
