/** A rate in words: 98.3%, or a dash where nothing is below the line. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  // What is short of all, or more than nothing, never reads as all or nothing.
  const shown = Math.round(value * 1_000) / 10
  const told = shown === 100 && value < 1 ? 99.9 : shown === 0 && value > 0 ? 0.1 : shown
  return `${told.toFixed(1)}%`
}
