/**
 * Draws the figures against the number of held locks: requests a second, and latency. Both scales are
 * logarithmic, for the servers differ by far.
 *
 * @module
 */

export interface Point {
  /** Locks held. */
  x: number;
  y: number;
}

export interface Series {
  name: string;
  colour: string;
  dashed?: boolean;
  points: Point[];
}

export interface Panel {
  title: string;
  series: Series[];
}

export interface Chart {
  title: string;
  /** Machine and date. */
  note: string;
  xTitle: string;
  panels: Panel[];
}

const PANEL = { width: 440, height: 300 };
const MARGIN = { left: 62, right: 18, top: 34, bottom: 46 };
const HEAD = 34;
const KEY = 26;
const FOOT = 22;

/** A whole SVG document. Panels stand side by side; a key of the series of all panels is below. */
export function drawChart({ title, note, xTitle, panels }: Chart): string {
  const width = panels.length * PANEL.width;
  const height = HEAD + PANEL.height + KEY + FOOT;
  const parts = panels.map((panel, i) =>
    `<g transform="translate(${i * PANEL.width} ${HEAD})">${drawPanel(panel, xTitle)}</g>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">\n` +
    `<rect width="${width}" height="${height}" fill="#fff"/>\n` +
    `${text(width / 2, 22, title, 'text-anchor="middle" font-size="16"')}\n` +
    `${parts.join("\n")}\n${drawKey(panels, HEAD + PANEL.height + 14)}\n` +
    `${text(width / 2, height - 8, note, 'text-anchor="middle" fill="#555" font-size="11"')}\n` +
    "</svg>\n";
}

function drawPanel({ title, series }: Panel, xTitle: string): string {
  const points = series.flatMap(({ points }) => points);
  const inner = {
    width: PANEL.width - MARGIN.left - MARGIN.right,
    height: PANEL.height - MARGIN.top - MARGIN.bottom,
  };
  const xs = [...new Set(points.map(({ x }) => x))].toSorted((a, b) => a - b);
  const across = positions(xs, inner.width);
  const [low, high] = decades(points.map(({ y }) => y));
  const up = (y: number) => inner.height * (1 - (Math.log10(y) - low) / Math.max(1, high - low));
  const at = ({ x, y }: Point) => `${round(across.get(x)!)},${round(up(y))}`;
  const grid = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)).map((y) =>
    `<line x1="0" x2="${inner.width}" y1="${round(up(y))}" y2="${round(up(y))}" stroke="#ddd"/>` +
    text(-8, up(y) + 4, short(y), 'text-anchor="end" fill="#333"')
  );
  const ticks = xs.map((x) =>
    text(across.get(x)!, inner.height + 18, short(x), 'text-anchor="middle" fill="#333"')
  );
  const lines = series.filter(({ points }) => points.length > 0).map((one) => {
    const sorted = one.points.toSorted((a, b) => a.x - b.x);
    const dots = sorted.map((point) => {
      const [cx, cy] = at(point).split(",");
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="${one.colour}"/>`;
    });
    return `<polyline points="${sorted.map(at).join(" ")}" fill="none" ${stroke(one)}/>` +
      dots.join("");
  });
  return `<g transform="translate(${MARGIN.left} ${MARGIN.top})">` +
    text(inner.width / 2, -12, title, 'text-anchor="middle" font-size="13"') +
    grid.join("") + ticks.join("") +
    text(inner.width / 2, inner.height + 38, xTitle, 'text-anchor="middle" fill="#333"') +
    lines.join("") + "</g>";
}

/** 0 has its place at the left, the others by their logarithm. */
function positions(xs: readonly number[], width: number): Map<number, number> {
  const positive = xs.filter((x) => x > 0).map(Math.log10);
  const [low, high] = [Math.min(...positive), Math.max(...positive)];
  const from = xs.includes(0) ? width * 0.25 : 20;
  const span = width - 20 - from;
  return new Map(xs.map((x) => {
    if (x === 0) return [x, 20];
    return [x, high === low ? from + span : from + span * (Math.log10(x) - low) / (high - low)];
  }));
}

/** The powers of ten around the values: the greatest one below and the least one above. */
function decades(values: readonly number[]): [number, number] {
  const logs = values.map(Math.log10);
  return [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
}

function drawKey(panels: readonly Panel[], y: number): string {
  const known = new Map(panels.flatMap(({ series }) => series.map((one) => [one.name, one])));
  let x = MARGIN.left;
  return [...known.values()].map((one) => {
    const entry = `<line x1="${x}" x2="${x + 24}" y1="${y}" y2="${y}" ${stroke(one)}/>` +
      text(x + 30, y + 4, one.name, "");
    x += 56 + one.name.length * 6.5;
    return entry;
  }).join("");
}

function stroke({ colour, dashed }: Series): string {
  return `stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="6 4"' : ""}`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  const safe = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${safe}</text>`;
}

/** 1,000 as 1k. */
function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
