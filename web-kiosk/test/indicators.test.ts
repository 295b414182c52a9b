import { describe, expect, it } from 'vitest'
import { sumsOf } from '../src/rating/add'
import { percent } from '../src/rating/percent'
import { endsOf, move, spanText } from '../src/console/rating/period'

describe('a period', () => {
  const free = { from: '2026-11-20', until: '2026-11-10' }
  it.each([
    ['day', '2026-11-23', '2026-11-23', '2026-11-23'],
    ['month', '2026-02-10', '2026-02-01', '2026-02-28'],
    ['month', '2028-02-29', '2028-02-01', '2028-02-29'],
    ['quarter', '2026-11-23', '2026-10-01', '2026-12-31'],
    ['quarter', '2026-03-31', '2026-01-01', '2026-03-31'],
    ['year', '2026-11-23', '2026-01-01', '2026-12-31'],
    ['free', '2026-11-23', '2026-11-10', '2026-11-20'],
  ] as const)('%s of %s is from %s until %s', (span, day, from, until) => {
    expect(endsOf(span, day, free)).toEqual({ from, until })
  })

  it.each([
    ['day', '2026-03-01', -1, '2026-02-28'],
    ['month', '2026-01-31', 1, '2026-02-01'],
    ['month', '2026-01-31', -1, '2025-12-01'],
    ['quarter', '2026-02-10', -1, '2025-10-01'],
    ['year', '2026-02-10', 1, '2027-01-01'],
    ['free', '2026-02-10', 1, '2026-02-10'],
  ] as const)('%s of %s moved by %i has %s in it', (span, day, steps, want) => {
    expect(move(span, day, steps)).toBe(want)
  })

  it('is written short', () => {
    expect([spanText('day', '2026-11-23'), spanText('month', '2026-11-23'), spanText('quarter', '2026-11-23'), spanText('year', '2026-11-23')]).toEqual(['2026-11-23', '2026-11', '2026 Q4', '2026'])
  })
})

describe('figures', () => {
  it('show how they add up', () => {
    const figures = { visits: 118, open: 5, passed: 9, excluded: 4, rateable: 100, pressed: 80, unrated: 20, levels: [2, 3, 5, 20, 50], corrected: 3, invalid: 7 }
    for (const { whole, parts } of sumsOf(figures)) expect(parts.reduce((sum, { n }) => sum + n, 0)).toBe(whole.n)
    expect(sumsOf(figures)[2]?.parts.map(({ key, n }) => [key, n])).toEqual([['figures.level_5', 50], ['figures.level_4', 20], ['figures.level_3', 5], ['figures.level_2', 3], ['figures.level_1', 2]])
  })

  it('leave the levels out where they would tell who gave which', () => {
    expect(sumsOf({ visits: 4, open: 0, passed: 0, excluded: 0, rateable: 4, pressed: 3, unrated: 1, levels: [0, 0, 0, 0, 0], corrected: 0, invalid: 0 }, false).map(({ whole }) => whole.key)).toEqual(['figures.visits', 'figures.rateable'])
  })

  it.each([[0.983, '98.3%'], [1, '100.0%'], [0.99999, '99.9%'], [0.00001, '0.1%'], [0, '0.0%'], [null, '–'], [undefined, '–']])('a rate of %j is %s', (value, want) => {
    expect(percent(value)).toBe(want)
  })
})
