import type { Key } from '../i18n'
import type { RatingFigures } from '../wire.gen'

/** One count in a line that adds up. */
export interface Term { readonly key: Exclude<Key & `figures.${string}`, 'figures.beside'>; readonly n: number }

/** A sum as it is shown: a whole and its parts, in counts. */
export interface Sum { readonly whole: Term; readonly parts: readonly Term[] }

/**
 * The three sums by which figures show that they add up: visits, rateable
 * visits, and ratings. What is zero and usual is left out of no sum: a reader
 * must be able to add them.
 */
export function sumsOf(f: RatingFigures, withLevels = true): Sum[] {
  const level = (n: 1 | 2 | 3 | 4 | 5): Term => ({ key: `figures.level_${n}`, n: f.levels[n - 1] ?? 0 })
  return [
    { whole: { key: 'figures.visits', n: f.visits }, parts: [{ key: 'figures.rateable', n: f.rateable }, { key: 'figures.open', n: f.open }, { key: 'figures.passed', n: f.passed }, { key: 'figures.excluded', n: f.excluded }] },
    { whole: { key: 'figures.rateable', n: f.rateable }, parts: [{ key: 'figures.pressed', n: f.pressed }, { key: 'figures.unrated', n: f.unrated }] },
    ...(withLevels ? [{ whole: { key: 'figures.pressed' as const, n: f.pressed }, parts: [level(5), level(4), level(3), level(2), level(1)] }] : []),
  ]
}
