/**
 * The answers about the assessment: months, quarters and years, scores, the
 * notice board and the verification of documents. See hub/assess and hub/api.
 */

export interface Words { zh: string; en: string }
export type To = 'person' | 'window' | 'department'
export type Kind = 'month' | 'quarter' | 'year'
export type PeriodState = 'running' | 'over' | 'computed' | 'reviewed' | 'appeals' | 'published'
export type Step = 'compute' | 'review' | 'open-appeals' | 'publish' | 'revise'

/** A finding: what a fact is worth under a rule, and why. */
export interface Scored {
  fact: string
  kind: string
  day: string
  to: To
  subject: string
  rule: string
  articles: string[]
  /** id@version. */
  policy: string
  /** What the rule gives, below 0 where it takes off; counted is what caps have left of it. */
  points: number
  counted: number
  /** The caps that left less of it. */
  caps?: string[]
  /** For how long one who has such a finding gets no award. */
  bars?: string
  /** name=value unit@day. */
  parameters?: string[]
  events?: string[]
  /** Why no points could be found; a person has to look. */
  fault?: Words
}

/** One of what a base is the mean of: a person, a window or a period. */
export interface Part { id: string; points: number; days: number }

export interface Outcome {
  period: string
  policies: Applied[]
  workdays: number
  people: Scores[]
  windows: Scores[]
  departments: Scores[]
  indicators?: { [id: string]: number }
  counts?: { [id: string]: number }
  awards?: Awarded[]
  share?: Shared
}

/** A policy that held for days of a period. */
export interface Applied { policy: string; from: string; until: string; standing: string; document?: string }

/** What one person, window or department has after a period (assess.Result). */
export interface Scores {
  to: To
  id: string
  department?: string
  window?: string
  days: number
  base: number
  off: number
  bonus: number
  points: number
  grade: string
  barred?: string
  parts?: Part[]
  findings?: Scored[]
  indicators?: { [id: string]: number }
  counts?: { [id: string]: number }
  rank: number
  weighed?: number
}

export interface Awarded { award: string; to: To; cites: string[]; assessed: number; places: number; candidates: Candidate[] }

export interface Candidate {
  id: string
  points: number
  won: boolean
  /** Empty for winners. */
  why?: '' | 'barred' | 'grade' | 'days' | 'tied' | 'places'
  /** The fact that bars. */
  finding?: string
  /** Its rule. */
  rule?: string
  /** The tie-break that put it behind the one before it. */
  tie?: string
  ties: number[]
}

/** How the share of 63号 第十四条 was read. */
export interface Shared extends Words { reading: 'weight' | 'quota'; percent: number; cites: string[]; excellent?: number }

/** One thing in which two outcomes of a period differ. */
export interface Change {
  to: To
  id: string
  from: number | null
  until: number | null
  from_grade?: string
  until_grade?: string
  gone?: Scored[]
  come?: Scored[]
  why?: Words[]
}

/** A signed tree head. */
export interface Checkpoint { at?: string; size: number; root: string; note: string }

export interface StepDone { step: string; at: string; by: string; event: number; digest: string }
export interface Revision { number: number; at: string; by: string; reason: string; event: number; digest: string; changes: Change[]; withdrawn?: { at: string; why: string; by?: string; proposed_by?: string } }
export interface Blocked extends Words { code: string; article?: string }

/** An appeal against a finding of a month that takes appeals. */
export interface Appeal {
  id: string
  period: string
  finding: string
  rule: string
  to: To
  subject: string
  state: 'waiting' | 'granted' | 'refused'
  at: string
  by: string
  decided_at?: string
  decided_by?: string
  text?: string
  reason?: string
}

/** The names of those that an answer names by id. */
export interface Names { person: { [id: string]: string }; window: { [id: string]: string }; department: { [id: string]: string } }
export interface RuleWords extends Words { to: To }
export interface IndicatorWords extends Words { formula: string }

/** A month, quarter or year with its state. */
export interface PeriodAnswer {
  period: string
  kind: Kind
  from: string
  until: string
  state: PeriodState
  /** The steps that can be taken now. */
  next: Step[]
  steps: StepDone[]
  appeals_until?: string
  appeals: Appeal[]
  /** 0 before it is published. */
  revision: number
  revisions: Revision[]
  /** What a recomputation now would change. */
  pending?: Change[]
  provisional?: boolean
  blocked?: Blocked[]
  policies: Applied[]
  outcome: Outcome
  names: Names
  rules: { [id: string]: RuleWords }
  grades: { [id: string]: Words }
  awards: { [id: string]: Words }
  indicators: { [id: string]: IndicatorWords }
  checkpoint?: Checkpoint
  verify?: string
}

export interface PeriodRow { period: string; state: PeriodState; revision: number; people: number; mean?: number; blocked?: Blocked[] }
export interface PeriodList { periods: PeriodRow[] }

/** An event that a finding was made from. */
export interface Source { id: string; /** 0 where only the id is known. */ position: number; kind?: string; at?: string; agent?: string; actor?: string }

/** One finding with all that it stands on. */
export interface Explained {
  finding: Scored
  rule: { id: string } & Words
  articles: ({ id: string } & Words)[]
  policy: string
  events: Source[]
  parameters: string[] | null
  appeal?: Appeal
  /** It does not count: an appeal was granted. */
  void?: boolean
}

/** GET scores/{subject}/{period}. */
export interface ScoreAnswer {
  period: string
  subject: { to: To; id: string; name: string }
  state: PeriodState
  /** Until when the month takes appeals. */
  appeals_until?: string
  revision: number
  provisional?: boolean
  result: Scores
  explained: Explained[]
  grades?: { [id: string]: Words }
}

/** How much the public sees of a result. */
export type Show = 'none' | 'awarded' | 'grade' | 'points'
export interface Shown { people: Show; windows: Show; departments: Show; names: boolean }

export interface BoardScore { points?: number; grade?: string; rank?: number; awards?: string[] }
/** A window or a department; number and department are a window's. */
export interface BoardRow extends BoardScore { id: string; number?: string; name: string; department?: string }
export interface BoardPerson extends BoardScore { name: string; department?: string; number?: string }
export interface BoardIndicator extends Words { id: string; value: number }
export interface BoardAward extends Words { award: string; to: To; assessed: number; places: number }

/** One published month, quarter or year, as far as the public sees it. */
export interface BoardPeriod {
  period: string
  kind: Kind
  from: string
  until: string
  revision: number
  published_at: string
  verify: string
  show: Shown
  windows: BoardRow[]
  people: BoardPerson[]
  departments: BoardRow[]
  indicators: BoardIndicator[]
  /** From the best to the worst. */
  grades: ({ id: string } & Words)[]
  awards?: BoardAward[]
  bulletin?: Words[]
}

/** GET board. */
export interface BoardAnswer {
  hall: { id: string; name: string }
  at: string
  public_url?: string
  checkpoint?: Checkpoint
  /** Newest first. */
  periods: BoardPeriod[]
  /** Results that were taken off the board and not published again; the last first. */
  withdrawn?: BoardWithdrawn[]
}

export interface BoardWithdrawn { period: string; kind: Kind; revision: number; verify: string; at: string; why: string }

/** GET verify/{period}/{revision}. */
export interface VerifyAnswer {
  withdrawn?: { at: string; why: string }
  hall: { id: string; name: string }
  period: string
  kind: Kind
  from: string
  until: string
  revision: number
  published_at: string
  /** The last revision; where it is another, the document at hand is out of date. */
  newest: number
  newest_at: string
  digest: string
  position: number
  policies: Applied[]
  checkpoint?: Checkpoint
  documents?: { format: string; lang?: string; sha256: string }[]
}
