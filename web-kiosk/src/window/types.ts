import type { TicketRow } from '../kiosk/types'

/** The line as one window sees it: GET windows/{id}/line. */
export interface CounterLine {
  window: string
  number: string
  name: string
  state: 'open' | 'paused' | 'closed'
  reason?: string
  here: { staff: string; name?: string }[]
  services: string[]
  ticket?: TicketRow
  next?: TicketRow & { rule: string; after?: number }
  waiting: TicketRow[]
  held: TicketRow[]
  recall_pause: number
}

export const outcomes = ['done', 'accepted', 'notice', 'sent_away', 'promised'] as const
export const modes = ['', 'help', 'agent', 'lead', 'joint', 'parallel', 'consult'] as const
/** These say what is missing, or why (63号 第九条, 第十条). */
export const explained: readonly string[] = ['notice', 'sent_away', 'promised']
