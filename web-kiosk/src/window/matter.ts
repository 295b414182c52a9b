/** One matter and how it stands today: a row of GET matters. */
export interface MatterRow {
  matter: string
  number: string
  service: string
  name: string
  department: string
  window: string
  state: 'accepted' | 'supplemented' | 'suspended' | 'concluded' | 'void'
  why?: string
  result?: string
  day: string
  end?: string
  promised?: number
  legal?: number
  owed?: string[]
  gaps_due?: string
  visits: number
  used: number
  provisional?: boolean
  promised_due?: string
  legal_due?: string
  overdue?: boolean
  unlawful?: boolean
  soon?: boolean
  gaps_overdue?: boolean
}

export interface MatterList { matters: MatterRow[]; overdue: number; soon: number; open: number }

export interface VisitRow { visit: string; position: number; day: string; window: string; outcome: string; missing?: string[]; reason?: string }

/** GET matters/{number}. */
export interface MatterStory extends MatterRow {
  documents: string[]
  steps: { kind: string; position: number; day: string; say?: string; documents?: string[]; by?: string; reason?: string }[]
  visit_list: VisitRow[]
}

/** GET visits/repeated. */
export interface RepeatList { repeats: { service: string; name: string; number?: string; notices: number; visit_list: VisitRow[] }[] }

/** The answer to the end of a visit. */
export interface VisitEnd { matter?: MatterRow; visits?: number; told_before?: boolean }
