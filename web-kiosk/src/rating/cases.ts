/** Cases of bad reviews and complaints, as GET cases and GET me answer; see hub/api. */

import type { Look } from '../personal/types'

export type CaseSource = 'button' | 'tablet' | 'phone' | 'hotline' | 'mailbox' | 'discipline' | 'media'
export type CaseState = 'open' | 'answered' | 'rectified' | 'closed'
export type Request = 'waiting' | 'granted' | 'refused'

export interface CaseRow {
  case: string
  number: string
  source: CaseSource
  visit?: string
  level?: 1 | 2
  reasons?: string[]
  department?: string
  department_name?: string
  handler?: string
  handler_name?: string
  window?: string
  window_number?: string
  staff?: string
  staff_name?: string
  service?: string
  service_name?: string
  words?: boolean
  contact?: boolean
  hard?: boolean
  day: string
  happened?: string
  state: CaseState
  result?: 'rectified' | 'unfounded' | 'excluded'
  answered_on?: string
  rectified_on?: string
  end?: string
  rounds: number
  calls?: number
  revisit?: 'satisfied' | 'unsatisfied' | 'unreached'
  extension?: Request
  appeal?: Request
  exclusion?: Request
  answer_due: string
  rectify_due: string
  appeal_until: string
  provisional?: boolean
  answer_late?: boolean
  rectify_late?: boolean
  soon?: boolean
  /** Working days until the next last day; null where no clock runs, negative where it is past. */
  left: number | null
}

export interface CaseList { cases: CaseRow[]; open: number; late: number; soon: number }

export interface CaseStep { kind: string; position: number; day: string; say?: string; by?: string; text?: string; phone?: string; removed?: boolean }

export interface CaseStory extends CaseRow {
  /** It may be seen whole for a reason; looks are who did. */
  reveals?: boolean
  looks?: Look[]
  steps: CaseStep[]
  extensions: { extension: string; day: string; days: number; state: Request; by?: string }[]
  appeal_made?: { appeal: string; day: string; state: Request; by?: string }
  exclusion_made?: ExclusionRow
}

export interface ExclusionRow {
  exclusion: string
  visit: string
  window: string
  window_number?: string
  day: string
  why: 'mistaken' | 'malicious'
  case?: string
  case_number?: string
  state: Request
  on: string
  by: string
  reason?: string
  decided?: string
  second?: string
  verdict?: string
}

export interface ExclusionList { exclusions: ExclusionRow[] }
