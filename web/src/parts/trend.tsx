// A signal over time by uPlot. Where its quality was not good the ground is shaded, and a strip along the foot says the
// quality of every moment; where no value is there is a gap, never a line across.
import { useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { hub } from '../api/client';
import { isShare, numberText, qualityOf, qualityText, seriesText, shareText, timeText, unitText, type Severity } from '../text/format';
import { bandsOf, pointsOf, span_seconds, type Band, type Points, type Span } from '../text/points';

const height_px = 190;
const points_max = 4000;

type TrendProps = {
  title: string;
  unit: string;
  series: string;
  /** Series of the ends of the interval, where the value has one. */
  low?: string;
  high?: string;
  limits?: { low: number | null; high: number | null } | null;
  latest: string | null;
  span: Span;
};

async function load(series: string, latest: string | null, span: Span): Promise<Points & { thinned?: boolean }> {
  const end = latest ? Date.parse(latest) : Date.now();
  const from = span === 'all' ? undefined : new Date(end - span_seconds[span] * 1000).toISOString();
  const whole = await hub.range(series, { from, limit: points_max });
  if (!whole.truncated) return pointsOf(whole);
  // More samples than pixels: buckets over the same time instead.
  const first = from ?? whole.samples?.[0]?.ts ?? new Date(end).toISOString();
  const step = Math.max(1, Math.ceil((end - Date.parse(first)) / 1000 / 600));
  return { ...pointsOf(await hub.range(series, { from: first, to: new Date(end + 1000).toISOString(), step: `${step}s` })), thinned: true };
}

export function Trend(props: TrendProps) {
  const { series, low, high, span } = props;
  const data = useQuery({
    queryKey: ['range', series, low, high, span],
    queryFn: async () => {
      const [value, least, most] = await Promise.all(
        [series, low, high].map((name) => (name ? load(name, props.latest, span) : Promise.resolve(undefined))));
      return { value: value!, least, most };
    },
    // What had to be thinned is long and costs the hub more: it is asked for seldom.
    refetchInterval: (query) => (query.state.data?.value.thinned ? 60_000 : 5000),
  });
  if (data.isError) return <p className="empty">{props.title}: {data.error.message}</p>;
  if (!data.data) return <div className="plot waiting" style={{ height: height_px }}>Waiting for {props.title}</div>;
  if (data.data.value.t.length === 0) return <p className="empty">{props.title}: no sample in this time</p>;
  return <Plot {...props} points={data.data.value} least={data.data.least} most={data.data.most} />;
}

/** A time on the axis, as coarse as the step between two. */
function tickText(tick_s: number, step_s: number): string {
  const at = new Date(tick_s * 1000);
  const say = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', options).format(at);
  if (step_s >= 86400 * 200) return say({ year: 'numeric' });
  if (step_s >= 86400 || (at.getHours() === 0 && at.getMinutes() === 0)) return say({ day: 'numeric', month: 'short' });
  return say({ hour: '2-digit', minute: '2-digit', ...(step_s < 60 ? { second: '2-digit' } : {}) });
}

const shades: Record<Severity, string> = { good: '--good', uncertain: '--watch', bad: '--bad', unknown: '--unknown' };

function shadeQuality(u: uPlot, bands: Band[], color: (name: string) => string) {
  const { ctx, bbox } = u;
  const strip = 4 * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const band of bands) {
    const left = u.valToPos(band.from, 'x', true), right = u.valToPos(band.to, 'x', true);
    const width = Math.max(devicePixelRatio, right - left);
    ctx.fillStyle = color(shades[band.severity]);
    if (band.severity === 'uncertain' || band.severity === 'bad') {
      ctx.globalAlpha = 0.16;
      ctx.fillRect(left, bbox.top, width, bbox.height);
    }
    ctx.globalAlpha = band.severity === 'good' ? 0.45 : 0.9;
    ctx.fillRect(left, bbox.top + bbox.height - strip, width, strip);
  }
  ctx.restore();
}

function drawLimits(u: uPlot, limits: TrendProps['limits'], color: (name: string) => string) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = color('--quiet');
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const limit of [limits?.low, limits?.high]) {
    if (limit == null) continue;
    const y = Math.round(u.valToPos(limit, 'y', true));
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

type PlotProps = TrendProps & { points: Points; least?: Points; most?: Points };

function optionsFor(props: PlotProps, width: number, bands: Band[], style: CSSStyleDeclaration, say: (index: number | null) => void): uPlot.Options {
  const color = (name: string) => style.getPropertyValue(name).trim();
  const has_interval = props.least !== undefined && props.most !== undefined;
  const axis = { stroke: color('--quiet'), grid: { stroke: color('--rule'), width: 1 }, ticks: { stroke: color('--rule'), size: 4 }, font: '11px Inter, system-ui, sans-serif' };
  return {
    width, height: height_px,
    legend: { show: false },
    cursor: { sync: { key: 'signals' }, drag: { x: true, y: false }, points: { size: 6 } },
    scales: { x: { time: true } },
    axes: [
      { ...axis, space: 76, size: 26, values: (_u, ticks, _i, _space, step) => ticks.map((tick) => tickText(tick, step)) },
      { ...axis, size: 54, values: (_u, ticks) => ticks.map((tick) => (isShare(props.series) ? shareText(tick) : numberText(tick))) },
    ],
    series: [
      {},
      { stroke: color('--line'), width: 1.5, points: { show: false }, spanGaps: false },
      ...(has_interval ? [{ stroke: 'transparent', points: { show: false } }, { stroke: 'transparent', points: { show: false } }] : []),
    ],
    bands: has_interval ? [{ series: [3, 2], fill: color('--band') }] : [],
    hooks: {
      drawClear: [(u) => shadeQuality(u, bands, color)],
      draw: [(u) => drawLimits(u, props.limits, color)],
      setCursor: [(u) => say(u.cursor.idx ?? null)],
    },
  };
}

function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const [under, setUnder] = useState<number | null>(null);
  const scheme = useComputedColorScheme('light');
  const { points, least, most } = props;

  useEffect(() => {
    const place = box.current!;
    const align = (other: Points | undefined) => {
      if (!other) return [];
      const by_time = new Map(other.t.map((t, i) => [t, other.value[i] ?? null]));
      return [points.t.map((t) => by_time.get(t) ?? null)];
    };
    const both = least && most ? [...align(least), ...align(most)] : [];
    const data = [points.t, points.value, ...both] as uPlot.AlignedData;
    const made = new uPlot(optionsFor(props, place.clientWidth, bandsOf(points), getComputedStyle(document.body), setUnder), data, place);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: height_px }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      made.destroy();
    };
    // A new plot when its content changes; the rest of the props only name it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [points, least, most, scheme]);

  const index = under != null && under < points.t.length ? under : points.t.length - 1;
  const value = points.value[index], quality = points.quality[index];
  const text = value == null ? 'no value' : seriesText(props.series, value, props.unit);
  const { severity } = qualityOf(quality);
  return (
    <figure className="trend" data-series={props.series}>
      <figcaption>
        <b>{props.title}</b>
        <span className="quiet">{isShare(props.series) ? '%' : unitText(props.unit) || 'no unit'}</span>
        <span className="grow" />
        <span className="said">{text}</span>
        <span className={`mark small ${severity === 'uncertain' ? 'watch' : severity}`}>{qualityText(quality)}</span>
        <span className="quiet said-time">{timeText(new Date((points.t[index] ?? 0) * 1000).toISOString())}</span>
      </figcaption>
      <div className="plot" ref={box} role="img" aria-label={`${props.title} over time, ${points.t.length} points, latest ${seriesText(props.series, points.value.at(-1), props.unit)}`} />
    </figure>
  );
}
