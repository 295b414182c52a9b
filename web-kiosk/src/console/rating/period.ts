/** Periods that figures are asked for. Days are dates without a time, so UTC counts them. */

export const spans = ['day', 'month', 'quarter', 'year', 'free'] as const
export type Span = (typeof spans)[number]

export interface Ends { readonly from: string; readonly until: string }

const date = (day: string) => new Date(`${day}T00:00:00Z`)
const text = (at: Date) => at.toISOString().slice(0, 10)

/** The first month of a span, from 0, and how many months it has. */
function months(span: 'month' | 'quarter' | 'year', month: number): [number, number] {
  return span === 'month' ? [month, 1] : span === 'quarter' ? [month - (month % 3), 3] : [0, 12]
}

/** The span that holds a day. A free one is of two days that somebody chose. */
export function endsOf(span: Span, day: string, free: Ends): Ends {
  if (span === 'free') return free.from <= free.until ? free : { from: free.until, until: free.from }
  if (span === 'day') return { from: day, until: day }
  const at = date(day)
  const [first, count] = months(span, at.getUTCMonth())
  return { from: text(new Date(Date.UTC(at.getUTCFullYear(), first, 1))), until: text(new Date(Date.UTC(at.getUTCFullYear(), first + count, 0))) }
}

/** A day of the span before or after. */
export function move(span: Span, day: string, steps: number): string {
  const at = date(day)
  if (span === 'day') {
    at.setUTCDate(at.getUTCDate() + steps)
    return text(at)
  }
  if (span === 'free') return day
  const [first, count] = months(span, at.getUTCMonth())
  return text(new Date(Date.UTC(at.getUTCFullYear(), first + steps * count, 1)))
}

/** The span as it is written: 2026-11-23, 2026-11, 2026 Q4, 2026. */
export function spanText(span: Span, day: string): string {
  const at = date(day)
  switch (span) {
    case 'day': case 'free': return day
    case 'month': return day.slice(0, 7)
    case 'quarter': return `${at.getUTCFullYear()} Q${Math.floor(at.getUTCMonth() / 3) + 1}`
    case 'year': return String(at.getUTCFullYear())
  }
}
