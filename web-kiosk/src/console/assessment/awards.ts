import type { Awarded, Candidate } from '../../assessment/types'

export interface Simulated extends Candidate {
  /** It wins with so many places. */
  wins: boolean
  /** How it differs from what the policy gives. */
  moved: 'gains' | 'loses' | ''
}

/**
 * Who would have an award with another number of places. The order, and who is
 * barred or too low, do not depend on it.
 */
export function simulate(award: Pick<Awarded, 'candidates'>, places: number): Simulated[] {
  let left = places
  return (award.candidates ?? []).map((one) => {
    const able = !one.why || one.why === 'places'
    const wins = able && left > 0
    if (wins) left--
    return { ...one, wins, moved: wins === one.won ? '' : wins ? 'gains' : 'loses' }
  })
}

/** How many could have it at most. */
export function able(award: Pick<Awarded, 'candidates'>): number {
  return (award.candidates ?? []).filter(({ why }) => !why || why === 'places').length
}

/** How two outcomes of an award differ: who has it only in the one and only in the other. */
export function compared(before: readonly Candidate[], after: readonly Candidate[]): { gone: string[]; come: string[] } {
  const won = (all: readonly Candidate[]) => new Set(all.filter((one) => one.won).map(({ id }) => id))
  const [a, b] = [won(before), won(after)]
  return { gone: [...a].filter((id) => !b.has(id)), come: [...b].filter((id) => !a.has(id)) }
}
