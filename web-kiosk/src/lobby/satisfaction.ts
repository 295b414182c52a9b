import { instant } from '../live/message'
import type { Live } from '../wire.gen'

/** The rate that the public is shown (好评率). */
const SHOWN = 'good_rate'

export interface Satisfaction { readonly day: string; readonly value: number; readonly sample: number; /** Until when it counts; null for a whole day. */ readonly asOf: number | null }

/** What the lobby says of ratings: what was published, and nothing where nothing was, or where nobody rated. */
export function satisfactionOf(live: Pick<Live, 'satisfaction'> | null): Satisfaction | null {
  const published = live?.satisfaction
  const rate = published?.rates?.find(({ id }) => id === SHOWN)
  if (!published || !rate || rate.value === null || rate.value === undefined || rate.below === 0) return null
  return { day: published.day, value: rate.value, sample: rate.below, asOf: published.final ? null : instant(published.as_of) }
}
