// Asks the program for what is new, twice a second, and draws it. Nothing is loaded from anywhere else.
'use strict';

const $ = id => document.getElementById(id);
const losses = [], tests = [], norms = [];
const SVG = 'http://www.w3.org/2000/svg';

function element(name, attributes, parent, text) {
  const e = document.createElementNS(SVG, name);
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  if (text !== undefined) e.textContent = text;
  parent.append(e);
  return e;
}

// Some five round numbers from one to another: 1, 2 or 5 times a power of ten apart.
function ticks(low, high) {
  const rough = (high - low) / 5, ten = 10 ** Math.floor(Math.log10(rough)), ratio = rough / ten;
  const step = ten * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10), all = [];
  for (let i = Math.ceil(low / step); i * step <= high * (1 + 1e-12); i++) all.push(i * step);
  return all;
}

const short = x => Math.abs(x) >= 1e4 || (x !== 0 && Math.abs(x) < 1e-3) ? x.toExponential(1)
  : String(Number(x.toPrecision(4)));

// In a long course a point is the mean of several.
function thinned(points, most) {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return points;
  const parts = [];
  for (let i = 0; i < points.length; i += size) {
    const part = points.slice(i, i + size), mean = k => part.reduce((sum, p) => sum + p[k], 0) / part.length;
    parts.push([mean(0), mean(1)]);
  }
  return parts;
}

// A running mean over a hundredth of the course.
function smoothed(values) {
  const keep = 1 - 1 / Math.max(1, values.length / 100);
  let sum = 0, weight = 0;
  return values.map(v => (sum = keep * sum + v, weight = keep * weight + 1, sum / weight));
}

// Draws curves {name, color, points: [[x, y], …], faint, dots} with axes and ticks, and the values below the pointer.
function chart(box, curves, { log = false, low, high } = {}) {
  curves.forEach(c => c.points = thinned(c.points.filter(p => isFinite(p[1]) && (!log || p[1] > 0)), 600));
  const drawn = curves.filter(c => c.points.length), width = box.clientWidth, height = box.clientHeight;
  box.replaceChildren();
  if (!drawn.length) return;
  const legend = document.createElement('div');
  legend.className = 'legend';
  for (const c of drawn) {
    const name = document.createElement('span');
    name.textContent = c.name;
    name.style.setProperty('--own', c.color);
    if (c.faint) name.className = 'faint';
    legend.append(name);
  }
  box.append(legend);
  const svg = element('svg', { role: 'img', 'aria-label': drawn.map(c => c.name).join(', ') }, box);
  const h = height - legend.offsetHeight, left = 52, right = 12, top = 8, foot = h - 40;
  svg.setAttribute('viewBox', `0 0 ${width} ${h}`);
  svg.style.height = `${h}px`;
  const f = log ? Math.log10 : y => y;
  const xs = drawn.flatMap(c => c.points.map(p => p[0])), ys = drawn.flatMap(c => c.points.map(p => f(p[1])));
  const x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1e-9);
  let y0 = Math.min(...ys), y1 = Math.max(...ys);
  if (low !== undefined) y0 = Math.min(low, y0);
  if (high !== undefined) y1 = high;
  if (log) [y0, y1] = [Math.floor(y0), Math.ceil(y1)];
  if (y1 - y0 < 1e-9) y1 = y0 + 1;
  const across = x => left + (width - left - right) * (x - x0) / (x1 - x0);
  const down = y => foot - (foot - top) * (f(y) - y0) / (y1 - y0);
  const rows = log ? Array.from({ length: y1 - y0 + 1 }, (_, i) => 10 ** (y0 + i)) : ticks(y0, y1);
  for (const y of rows) {
    element('line', { class: 'grid', x1: left, x2: width - right, y1: down(y), y2: down(y) }, svg);
    element('text', { x: left - 6, y: down(y) + 4, 'text-anchor': 'end' }, svg, short(y));
  }
  for (const x of ticks(x0, x1)) {
    element('line', { class: 'axis', x1: across(x), x2: across(x), y1: foot, y2: foot + 5 }, svg);
    element('text', { x: across(x), y: foot + 18, 'text-anchor': 'middle' }, svg, short(x));
  }
  element('text', { x: (left + width - right) / 2, y: foot + 35, 'text-anchor': 'middle' }, svg, 'step');
  element('path', { class: 'axis', d: `M${left} ${top}V${foot}H${width - right}` }, svg);
  for (const c of drawn) {
    const d = c.points.map(p => `${across(p[0]).toFixed(1)} ${down(p[1]).toFixed(1)}`).join('L');
    const line = element('path', { d: `M${d}`, 'stroke-width': c.faint ? 1 : 2 }, svg);
    line.style.stroke = c.color;
    if (c.faint) line.style.strokeOpacity = 0.4;
    if (c.dots) for (const p of c.points)
      element('circle', { cx: across(p[0]), cy: down(p[1]), r: 3 }, svg).style.fill = c.color;
  }
  const cursor = element('line', { class: 'cursor', y1: top, y2: foot, visibility: 'hidden' }, svg);
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  box.append(tip);
  svg.onpointermove = e => {
    const at = e.clientX - box.getBoundingClientRect().left;
    const x = x0 + (x1 - x0) * (at - left) / (width - left - right);
    if (x < x0 || x > x1) return svg.onpointerleave();
    const near = points => points.reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a);
    for (const key of ['x1', 'x2']) cursor.setAttribute(key, at);
    cursor.setAttribute('visibility', 'visible');
    tip.hidden = false;
    tip.textContent = [`step ${Math.round(x)}`, ...drawn.map(c => `${c.name}: ${short(near(c.points)[1])}`)].join('\n');
    if (at < width / 2) [tip.style.left, tip.style.right] = [`${at + 10}px`, ''];
    else [tip.style.left, tip.style.right] = ['', `${width - at + 10}px`];
  };
  svg.onpointerleave = () => { cursor.setAttribute('visibility', 'hidden'); tip.hidden = true; };
}

const color = i => `var(--c${i % 6})`;

function draw(state) {
  const mean = smoothed(losses), last = tests.at(-1);
  $('done').value = state.done;
  $('epoch').textContent = `${state.epoch} of ${state.epochs}`;
  $('step').textContent = losses.length.toLocaleString('en');
  if (losses.length) $('loss').textContent = mean.at(-1).toFixed(4);
  if (last) $('testLoss').textContent = last[1].toFixed(4);
  if (last) $('accuracy').textContent = `${(100 * last[2]).toFixed(2)} %`;
  $('rate').textContent = Math.round(state.rate).toLocaleString('en');
  $('left').textContent = `${Math.floor(state.left / 60)}:${String(Math.floor(state.left % 60)).padStart(2, '0')}`;
  drawCharts(state.layers, mean);
  [...$('shown').children].forEach((figure, i) => {
    if (!state.predictions[i]) return;
    const [digit, sure] = state.predictions[i], right = digit === Number(figure.dataset.label);
    figure.className = right ? 'right' : 'wrong';
    figure.lastChild.replaceChildren(Object.assign(document.createElement('b'), { textContent: digit }),
      ` ${Math.round(100 * sure)} %${right ? '' : `, is ${figure.dataset.label}`}`);
  });
}

let layers = [];
function drawCharts(names, mean = smoothed(losses)) {
  layers = names;
  const steps = values => values.map((v, i) => [i + 1, v]);
  chart($('lossChart'), [
    { name: 'loss of a step', color: color(0), points: steps(losses), faint: true },
    { name: 'loss, smoothed', color: color(0), points: steps(mean) },
    { name: 'test loss', color: color(1), points: tests.map(t => [t[0], t[1]]), dots: true }], { low: 0 });
  chart($('accuracyChart'), [{ name: 'accuracy', color: color(1), points: tests.map(t => [t[0], 100 * t[2]]),
    dots: true }], { high: 100 });
  chart($('normChart'), names.map((name, i) =>
    ({ name, color: color(i), points: norms.map(n => [n[0], n[i + 1]]) })), { log: true });
}

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function showDigits() {
  const { size, images, labels } = await ask('shown');
  $('shown').replaceChildren(...images.map((text, i) => {
    const figure = document.createElement('figure'), canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `the digit ${labels[i]}`);
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0)), picture = new ImageData(size, size);
    bytes.forEach((grey, k) => picture.data.set([grey, grey, grey, 255], 4 * k));
    canvas.getContext('2d').putImageData(picture, 0, 0);
    figure.dataset.label = labels[i];
    figure.append(canvas, document.createElement('figcaption'));
    return figure;
  }));
}

// The part of the graph that is seen is its view box.
async function showGraph() {
  const text = await (await fetch('graph')).text();
  const svg = document.importNode(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement, true);
  const box = $('graph'), width = Number(svg.getAttribute('width')), height = Number(svg.getAttribute('height'));
  svg.removeAttribute('width');
  svg.removeAttribute('height');
  box.replaceChildren(svg);
  // (x, y) is what stands in the upper left corner, and a pixel shows so many units
  let x, y, unit;
  const show = () => svg.setAttribute('viewBox', `${x} ${y} ${box.clientWidth * unit} ${box.clientHeight * unit}`);
  function look(u, top) {
    unit = u;
    x = (width - box.clientWidth * unit) / 2;
    y = top ? 0 : (height - box.clientHeight * unit) / 2;
    show();
  }
  const whole = () => Math.max(width / box.clientWidth, height / box.clientHeight);
  const fit = () => look(whole(), false);
  const move = (dx, dy) => { x += dx * unit; y += dy * unit; show(); };
  // what is at the pixel (px, py) stays there
  function zoom(factor, px = box.clientWidth / 2, py = box.clientHeight / 2) {
    const u = Math.min(Math.max(unit * factor, 0.1), 2 * whole());
    x += px * (unit - u);
    y += py * (unit - u);
    unit = u;
    show();
  }
  $('in').onclick = () => zoom(1 / 1.4);
  $('out').onclick = () => zoom(1.4);
  $('fit').onclick = fit;
  box.addEventListener('wheel', e => {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    const r = box.getBoundingClientRect();
    zoom(Math.exp(e.deltaY / 300), e.clientX - r.left, e.clientY - r.top);
  }, { passive: false });
  box.onpointerdown = e => box.setPointerCapture(e.pointerId);
  box.onpointermove = e => { if (box.hasPointerCapture(e.pointerId)) move(-e.movementX, -e.movementY); };
  box.onkeydown = e => {
    const keys = { '+': () => zoom(1 / 1.4), '=': () => zoom(1 / 1.4), '-': () => zoom(1.4), 0: fit,
      ArrowLeft: () => move(-40, 0), ArrowRight: () => move(40, 0), ArrowUp: () => move(0, -40),
      ArrowDown: () => move(0, 40) };
    if (!keys[e.key] || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    keys[e.key]();
  };
  addEventListener('resize', show);
  look(Math.min(1, whole()), true);
}

async function follow() {
  let known = false;
  for (;;) {
    try {
      if (!known) {
        await showDigits();
        await showGraph();
        known = true;
      }
      const state = await ask(`state?losses=${losses.length}&tests=${tests.length}&norms=${norms.length}`);
      losses.push(...state.losses.map(Number));
      tests.push(...state.tests.map(t => t.map(Number)));
      norms.push(...state.norms.map(n => n.map(Number)));
      draw(state);
      $('status').textContent = state.running ? 'running' : 'finished';
      if (!state.running) return;
    } catch {
      $('status').textContent = 'the program does not answer; perhaps it has ended';
    }
    await new Promise(done => setTimeout(done, 500));
  }
}

addEventListener('resize', () => drawCharts(layers));
follow();
