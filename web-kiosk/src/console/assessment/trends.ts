import type { PeriodAnswer, Scores, To } from '../../assessment/types'

/** What can be compared of results: the points, their parts, and the rates. */
export type Measure = 'points' | 'off' | 'bonus' | `rate:${string}`

export function measured(result: Pick<Scores, 'points' | 'off' | 'bonus' | 'indicators'> | undefined, measure: Measure): number | null {
  if (!result) return null
  if (measure === 'points') return result.points
  if (measure === 'off' || measure === 'bonus') return Math.abs(result[measure])
  const rate = result.indicators?.[measure.slice(5)]
  return rate === undefined ? null : Math.round(rate * 1_000) / 10
}

export function resultsOf(answer: PeriodAnswer | undefined, to: To): readonly Scores[] {
  if (!answer) return []
  return (to === 'person' ? answer.outcome.people : to === 'window' ? answer.outcome.windows : answer.outcome.departments) ?? []
}

/** One line of a chart: what a subject had in each month, null where it was not there. */
export function lineOf(answers: ReadonlyMap<string, PeriodAnswer>, months: readonly string[], to: To, id: string, measure: Measure): (number | null)[] {
  return months.map((month) => measured(resultsOf(answers.get(month), to).find((one) => one.id === id), measure))
}

/** Everybody of a kind in any of the months, with the last name that they had. */
export function subjectsOf(answers: ReadonlyMap<string, PeriodAnswer>, months: readonly string[], to: To): { id: string; name: string }[] {
  const found = new Map<string, string>()
  for (const month of months) for (const { id } of resultsOf(answers.get(month), to)) found.set(id, answers.get(month)?.names?.[to]?.[id] ?? found.get(id) ?? id)
  return [...found].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name, 'zh-CN', { numeric: true }))
}

/** The rates that any of the answers names. */
export function ratesOf(answers: ReadonlyMap<string, PeriodAnswer>): PeriodAnswer['indicators'] {
  return Object.assign({}, ...[...answers.values()].map((answer) => answer.indicators ?? {})) as PeriodAnswer['indicators']
}
