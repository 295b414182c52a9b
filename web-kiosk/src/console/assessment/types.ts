import type { Outcome, PeriodAnswer, Scored } from '../../assessment/types'

/** A period as the console reads it: with what nobody could be found for, and the digest of what is seen. */
export interface WholePeriod extends PeriodAnswer {
  digest?: string
  outcome: Outcome & { unresolved?: Scored[] }
}
