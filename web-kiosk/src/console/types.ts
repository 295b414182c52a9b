import type { CaseStory } from '../rating/cases'
import type { Look } from '../personal/types'
import type * as wire from '../wire.gen'

/** The answers of /api/v1 that pages read; see hub/api and /openapi.json. */

export interface Session {
  account?: string
  name?: string
  role: wire.Role
  staff?: string
  department?: string
  permissions: string[]
  /** The password must be changed first. */
  temporary?: boolean
  /** The hall has no administrator yet. */
  setup?: boolean
  /** An earlier session of the account was used from another address. */
  warning?: { at: string; address: string }
}

export interface Signed { by: string; at: string; event: string; reason?: string }

export type RequestState = 'asked' | 'approved' | 'refused' | 'cancelled'

export interface LeaveRow extends wire.LeaveAsked { name?: string; state: RequestState; asked: Signed; decided?: Signed }

export interface PunchRow extends wire.PunchAsked { name?: string; manual?: boolean; signed_by?: string; state: RequestState; asked: Signed; decided?: Signed }

export interface Requests { leaves: LeaveRow[]; punches: PunchRow[]; secondments: (wire.SecondmentSet & { name?: string })[] }

export interface Noted { note?: Signed; reply?: Signed; withdrawn?: Signed }

export interface DayAnswer extends wire.DaySheet { notes: { [finding: string]: Noted }; /** What was published was taken back. */ withdrawn?: { at: string; why: string } }

export interface StaffRow {
  id: string
  name: string
  department: string
  employment: string
  work_since?: string
  born?: string
  phone?: string
  qualifications?: string[]
  post?: string
  window?: string
  departed?: string
  cards?: CardRow[]
}

export interface CardRow { id: string; shown: string; staff: string; from: string; stand_in?: boolean; ended?: boolean; reason?: string }

export interface CalendarYear {
  year: number
  provisional: boolean
  source?: string
  days: { date: string; kind: string; name?: string; closed?: string }[]
  closures: { date: string; half?: string; reason: string }[]
}

export interface MyDays {
  staff: string
  name: string
  window?: string
  /** The window's sign. */
  number?: string
  days: { day: string; kind: string; name?: string; state: wire.SheetState; line: wire.StaffLine }[]
  requests: Requests
  /** Handovers that they sign, as the leaver or the successor; name is the other one's. */
  handovers: { staff: string; successor: string; as: 'leaver' | 'successor'; name: string; on?: string; signed?: boolean; complete?: boolean }[]
  notes: { [finding: string]: Noted }
  /** Those about oneself and those that one answers for. */
  cases?: CaseStory[]
  /** Totals of one's own ratings over past days; never those of one visit. */
  ratings?: { from: string; until: string; figures: wire.RatingFigures; few?: boolean }
  /** Who has seen what is personal of oneself, newest first. */
  looks?: Look[]
}

export interface Rule { id: string; cites: string; to: string; inspection?: boolean; zh: string; en: string }

export interface AccountRow { id: string; name: string; role: wire.Role; staff?: string; department?: string; disabled?: boolean; temporary?: boolean }

export interface Department { id: string; name: string }

export interface Post { id: string; window: string; name: string; deputies: string[]; holders: string[]; names: { [staff: string]: string } }

export interface Shift { id: string; name: string; swipes: number; plans: wire.ShiftPlan[] }

export interface ShiftUse { scope: 'hall' | 'window' | 'staff'; subject?: string; shift: string; from: string }

export interface Parameter { value: number; unit: string; from: string; until?: string; reference: string; zh: string; en: string }

export interface Duties {
  delegations: (wire.DelegationSet & { ended?: boolean; signed: Signed })[]
  /** Accounts by day. */
  rota: { [day: string]: string[] }
}
