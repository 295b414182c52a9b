import type { Appeal, PeriodAnswer, Scored } from '../../assessment/types'

/** An appeal with the period that it is in, and the finding that it is about as far as that is still counted. */
export interface ScoreAppeal extends Appeal { answer: PeriodAnswer; scored: Scored | undefined; until: string | undefined }

/** The appeals of some periods: what waits first, by the day on which it was made. */
export function appealsOf(answers: Iterable<PeriodAnswer>): ScoreAppeal[] {
  const all: ScoreAppeal[] = []
  for (const answer of answers) {
    for (const one of answer.appeals ?? []) {
      const results = [...(answer.outcome.people ?? []), ...(answer.outcome.windows ?? []), ...(answer.outcome.departments ?? [])]
      const scored = results.find(({ to, id }) => to === one.to && id === one.subject)?.findings?.find(({ fact, rule }) => fact === one.finding && rule === one.rule)
      all.push({ ...one, answer, scored, until: answer.appeals_until })
    }
  }
  const rank = (one: Appeal) => (one.state === 'waiting' ? 0 : 1)
  return all.sort((a, b) => rank(a) - rank(b) || (a.state === 'waiting' ? a.at.localeCompare(b.at) : b.at.localeCompare(a.at)))
}

/** Whether a row is among those that are looked at. */
export function wanted(state: 'waiting' | 'granted' | 'refused' | undefined, filter: 'waiting' | 'decided'): boolean {
  return state !== undefined && (filter === 'waiting') === (state === 'waiting')
}
