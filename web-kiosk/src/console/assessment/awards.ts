import type { Awarded, Candidate } from '../../assessment/types'

export interface Simulated extends Candidate {
  /** It wins with so many places. */
  wins: boolean
  /** How it differs from what the policy gives. */
  moved: 'gains' | 'loses' | ''
}

/** Whether nothing but the number of places stands between somebody and the award. */
const open = ({ why }: Candidate): boolean => !why || why === 'places' || why === 'tied'

/** Whether two are equal in everything that is compared. */
const equal = (a: Candidate, b: Candidate): boolean => a.points === b.points && a.ties.length === b.ties.length && a.ties.every((value, i) => value === b.ties[i])

/**
 * Who would have an award with another number of places. The order, and who is
 * barred or too low, do not depend on it. Equals for whom there are not places enough get none.
 */
export function simulate(award: Pick<Awarded, 'candidates'>, places: number): Simulated[] {
  const all = award.candidates ?? []
  const ables = all.filter(open)
  const last = places > 0 ? ables[places - 1] : undefined
  const next = places > 0 ? ables[places] : undefined
  const tied = last !== undefined && next !== undefined && equal(last, next) ? last : undefined
  const first = new Set(ables.slice(0, Math.max(0, places)))
  return all.map((one) => {
    const undecided = tied !== undefined && open(one) && equal(tied, one)
    const wins = first.has(one) && !undecided
    const why = !open(one) ? one.why : undecided ? 'tied' : wins ? '' : 'places'
    return { ...one, why, wins, moved: wins === one.won ? '' : wins ? 'gains' : 'loses' }
  })
}

/** How many could have it at most. */
export function able(award: Pick<Awarded, 'candidates'>): number {
  return (award.candidates ?? []).filter(open).length
}

/** How two outcomes of an award differ: who has it only in the one and only in the other. */
export function compared(before: readonly Candidate[], after: readonly Candidate[]): { gone: string[]; come: string[] } {
  const won = (all: readonly Candidate[]) => new Set(all.filter((one) => one.won).map(({ id }) => id))
  const [a, b] = [won(before), won(after)]
  return { gone: [...a].filter((id) => !b.has(id)), come: [...b].filter((id) => !a.has(id)) }
}
