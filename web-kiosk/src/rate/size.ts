/** The diagonal of a tablet in inches where its address does not say: a small one, or the usual one. */
const SMALL = 7
const USUAL = 10.1
const SMALL_BELOW = 1_000

/**
 * CSS pixels in a millimetre of this screen, for targets that are measured by a
 * ruler (UX rule 1). The address may say its size: ?diagonal=8 (4 to 40 inches).
 */
export function pixelsPerMillimetre(search: string, width: number, height: number): number {
  const said = Number(new URLSearchParams(search).get('diagonal') ?? Number.NaN)
  const diagonal = said >= 4 && said <= 40 ? said : Math.max(width, height) < SMALL_BELOW ? SMALL : USUAL
  return Math.hypot(width, height) / (diagonal * 25.4)
}
