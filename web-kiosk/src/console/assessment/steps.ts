import type { PeriodAnswer, PeriodState, Step } from '../../assessment/types'

/** What can be done to a period; each is the last part of its address. */
export const acts = ['compute', 'review', 'open-appeals', 'publish', 'revise'] as const satisfies readonly Step[]

const following: { [state in PeriodState]: Step | null } = {
  running: 'compute', over: 'compute', computed: 'review', reviewed: 'open-appeals', appeals: 'publish', published: null,
}

/** The step that comes next; null where a period is published and nothing has changed since. */
export function nextAct(answer: Pick<PeriodAnswer, 'state' | 'pending'>): Step | null {
  return answer.state === 'published' ? ((answer.pending ?? []).length > 0 ? 'revise' : null) : following[answer.state]
}

/** Whether the hub takes a step now. */
export function open(answer: Pick<PeriodAnswer, 'next'>, act: Step): boolean {
  return (answer.next ?? []).includes(act)
}

/** The other steps that the hub takes now, such as computing again. */
export function others(answer: Pick<PeriodAnswer, 'state' | 'next' | 'pending'>): Step[] {
  const first = nextAct(answer)
  return acts.filter((act) => act !== first && open(answer, act))
}
