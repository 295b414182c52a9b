/** The answers about obligations; see hub/api/duties.go. */

/** One event of something's story. */
export interface Step { kind: string; position: number; day: string; by?: string; document?: string; text?: string }

/** Something that somebody entered. */
export interface Entry {
  id: string
  kind: string
  date: string
  staff?: string
  staff_name?: string
  window?: string
  window_number?: string
  department?: string
  department_name?: string
  /** The source of an exposure, what of a guide is missing, or the period that was scored. */
  say?: string
  item?: string
  item_name?: string
  service_name?: string
  document?: string
  attempt?: string
  text?: string
  place?: string
  points?: string
  made: Step
  withdrawn?: Step
}

export interface EntryList { entries: Entry[] }

export interface ExchangeList {
  month: string
  over: boolean
  meetings: Entry[]
  missing: { window: string; window_number: string; name: string; department?: string; department_name?: string; held: number; least: number }[]
}

export interface ReportDay { due: string; filed?: string; by?: string; text?: string; late_on?: string; overdue?: number }

export interface ReportRow {
  report: string
  title: string
  department_name?: string
  window_number?: string
  due: string
  monthly?: boolean
  ends?: string
  reason?: string
  days: ReportDay[]
}

export interface ReportList { reports: ReportRow[]; late: number }

export type TaskState = 'assigned' | 'reported' | 'accepted' | 'returned' | 'cancelled'

export interface TaskRow {
  task: string
  title: string
  text?: string
  department_name?: string
  window_number?: string
  staff_name?: string
  day: string
  due: string
  state: TaskState
  late_on?: string
  overdue?: number
  steps: Step[]
}

export interface TaskList { tasks: TaskRow[]; open: number; late: number }

export interface ItemRow {
  item: string
  name: string
  department: string
  department_name: string
  service_name?: string
  document: string
  since: string
  ended?: string
  ended_by?: string
  lacks: string[]
}

export interface ItemList { items: ItemRow[]; elsewhere: Entry[] }

export interface WithdrawalRow {
  withdrawal: string
  window: string
  window_number?: string
  department: string
  department_name: string
  state: 'asked' | 'examined' | 'approved' | 'refused'
  from?: string
  done?: boolean
  steps: Step[]
}

export interface WithdrawalList { withdrawals: WithdrawalRow[]; found: Entry[] }

export interface OwnScoreList { attempts: Entry[]; confirmed: Entry[] }

export interface EvaluationRow {
  evaluation: string
  staff: string
  name: string
  department_name: string
  from: string
  until: string
  state: 'draft' | 'signed'
  signed?: string
  signed_by?: string
}

export interface Evaluation extends EvaluationRow { text: string; steps: Step[] }
