import type * as wire from '../../wire.gen'

/** One paper number as it is typed; times are hh:mm. */
export interface PaperRow {
  service: string
  paper: string
  class: string
  window: string
  staff: string
  taken: string
  called: string
  finished: string
  outcome: string
  reason: string
}

/** GET visits/paper. */
export interface PaperList { total: number; visits: (wire.VisitEntered & { matter_number?: string; by: string; entered_at: string; withdrawn?: boolean })[] }

export interface PaperFile { rows: Partial<PaperRow>[]; faults: { cell: string; message: string }[] }

export const classes = ['ordinary', 'elderly', 'disabled', 'military', 'green', 'appointment'] as const
export const outcomes = ['done', 'accepted', 'notice', 'sent_away', 'promised'] as const

/** The next row begins like the one before: who enters a pad goes through it window by window. */
export function rowAfter(before?: PaperRow): PaperRow {
  return { service: before?.service ?? '', paper: next(before?.paper ?? ''), class: 'ordinary', window: before?.window ?? '', staff: before?.staff ?? '', taken: '', called: '', finished: '', outcome: 'done', reason: '' }
}

/** The number after one: 17 is 18, A009 is A010. */
export function next(number: string): string {
  const digits = /(\d+)$/.exec(number)?.[1]
  if (digits === undefined) return ''
  return number.slice(0, -digits.length) + String(Number(digits) + 1).padStart(digits.length, '0')
}

/** A time as it is typed, in the form that the hub takes: 910, 9:10 and 9：10 are 09:10. */
export function minuteOf(text: string): string {
  const typed = /^\s*(\d{1,2})\s*[:：.]?\s*(\d{2})\s*$/.exec(text)
  return typed ? `${(typed[1] ?? '').padStart(2, '0')}:${typed[2]}` : text.trim()
}

/** What is sent: a row without anything typed is none. */
export function filled(rows: readonly PaperRow[]): PaperRow[] {
  return rows.filter((row) => row.paper || row.taken || row.called || row.finished)
}
