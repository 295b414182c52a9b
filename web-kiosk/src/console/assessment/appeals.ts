import type { Appeal } from '../../assessment/types'

/** One row of GET appeals. */
export interface AppealRow extends Appeal { name?: string; until?: string }

export interface AppealList { appeals: AppealRow[] }

/** What waits first, the oldest of them before others; what was decided from the newest on. */
export function inOrder(all: readonly AppealRow[]): AppealRow[] {
  const rank = (one: Appeal) => (one.state === 'waiting' ? 0 : 1)
  return [...all].sort((a, b) => rank(a) - rank(b) || (a.state === 'waiting' ? a.at.localeCompare(b.at) : b.at.localeCompare(a.at)))
}

/** Whether a row is among those that are looked at. */
export function wanted(state: 'waiting' | 'granted' | 'refused' | undefined, filter: 'waiting' | 'decided'): boolean {
  return state !== undefined && (filter === 'waiting') === (state === 'waiting')
}
