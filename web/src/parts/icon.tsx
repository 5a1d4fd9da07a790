// The few signs of the navigation, drawn as strokes in the colour of their text.
const paths = {
  value: 'M4 19h16M6 15l4-5 4 3 5-8',
  assets: 'M4 8h16v11H4zM8 8V5h8v3M8 13h3M15 13h1',
  work: 'M8 4h8v3H8zM6 6H5v14h14V6h-1M9 13l2 2 4-4',
  releases: 'M12 3l8 4v10l-8 4-8-4V7zM4 7l8 4 8-4M12 11v10',
  plant: 'M4 20V10l5 3v-3l5 3V4h4l2 16zM4 20h16',
  sun: 'M12 8a4 4 0 100 8 4 4 0 000-8M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6L7 7M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4',
  moon: 'M20 14a8 8 0 11-10-10 7 7 0 0010 10z',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
};
export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round"
      strokeLinejoin="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
