import type { PeriodAnswer, Step } from '../../assessment/types'

/** What can be done to a period; each is the last part of its address. */
const acts = ['compute', 'review', 'open-appeals', 'publish', 'revise'] as const satisfies readonly Step[]

export type Stage = 'computed' | 'reviewed' | 'appeals' | 'published'

/** The stages that a period goes through: months alone take appeals, and not even they where a hall gives no time for them. */
export function stagesOf({ kind, state, steps, next }: Pick<PeriodAnswer, 'kind' | 'state' | 'steps' | 'next'>): readonly Stage[] {
  const took = (steps ?? []).some(({ step }) => step === 'appeals')
  const skips = kind !== 'month' || (!took && (state === 'published' || (state === 'reviewed' && (next ?? []).includes('publish'))))
  return skips ? ['computed', 'reviewed', 'published'] : ['computed', 'reviewed', 'appeals', 'published']
}

/** The step that comes next, whether or not the hub takes it now; null where a period is published and nothing has changed since. */
export function nextAct({ state, kind, pending, next }: Pick<PeriodAnswer, 'state' | 'kind' | 'pending' | 'next'>): Step | null {
  // The hub knows best: a hall may take no appeals at all.
  const told = (next ?? []).find((act) => act !== 'compute')
  if (told && told !== 'revise') return told
  switch (state) {
    case 'running': case 'over': return 'compute'
    case 'computed': return 'review'
    case 'reviewed': return kind === 'month' ? 'open-appeals' : 'publish'
    case 'appeals': return 'publish'
    case 'published': return (pending ?? []).length > 0 ? 'revise' : null
  }
}

/** Whether the hub takes a step now. */
export function open(answer: Pick<PeriodAnswer, 'next'>, act: Step): boolean {
  return (answer.next ?? []).includes(act)
}

/** The other steps that the hub takes now, such as computing again. */
export function others(answer: Pick<PeriodAnswer, 'state' | 'kind' | 'next' | 'pending'>): Step[] {
  const first = nextAct(answer)
  return acts.filter((act) => act !== first && open(answer, act))
}
