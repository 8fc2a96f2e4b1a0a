const kilo = 1_000;
const units = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

/** Bytes as people read them, three digits at most: `950 bytes`, `12.4 MB`, `208 GB`. */
export function sizeText(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / kilo ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${units[power]}`;
}

/** Seconds as people read them, rounded the more the longer it takes: `40 s`, `12 min`, `3.5 h`. */
export function timeText(seconds: number): string {
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}
