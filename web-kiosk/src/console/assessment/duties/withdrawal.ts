import type { Step, WithdrawalRow } from './types'

/** The three documents by which a window may leave, in order: the department's, the bureau's, the banner government's. */
export const documents = ['asked', 'examined', 'decided'] as const

export interface Paper { name: (typeof documents)[number]; state: 'done' | 'next' | 'ahead' | 'refused'; step: Step | undefined }

/** How far a withdrawal is. One that was refused ends where it was refused. */
export function papersOf({ state, steps }: Pick<WithdrawalRow, 'state' | 'steps'>): Paper[] {
  const has = (suffix: string) => steps.find(({ kind }) => kind === `withdrawal.${suffix}`)
  const found = [has('asked'), has('examined'), has('approved') ?? has('refused')]
  const next = found.findIndex((step) => step === undefined)
  return documents.map((name, n) => ({
    name, step: found[n],
    state: found[n] ? (n === 2 && state === 'refused' ? 'refused' : 'done') : state === 'refused' ? 'ahead' : n === next ? 'next' : 'ahead',
  }))
}
