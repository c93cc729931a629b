/**
 * How long ago, as `kubectl get` tells ages: two units at most, the finer one while it says something (`119s`, `3m4s`,
 * `59m`, `5h3m`, `2d1h`, `45d`, `2y3d`). `<unknown>` without a time.
 */
export function ageText(time: unknown, now: Date): string {
  if (typeof time !== "string" || time === "") return "<unknown>";
  const ms = now.getTime() - Date.parse(time);
  return Number.isNaN(ms) ? "<unknown>" : durationText(ms / 1000);
}

/** A duration as `kubectl get` tells it. Seconds; somewhat negative ones (clocks differ) count as none. */
export function durationText(totalSeconds: number): string {
  const seconds = Math.floor(totalSeconds);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return pair(days, "d", hours % 24, "h");
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? pair(years, "y", days % 365, "d") : `${years}y`;
}

function pair(coarse: number, coarseUnit: string, fine: number, fineUnit: string): string {
  return fine === 0 ? `${coarse}${coarseUnit}` : `${coarse}${coarseUnit}${fine}${fineUnit}`;
}
