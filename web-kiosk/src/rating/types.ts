import type { RatingFigures, RatingRate } from '../wire.gen'

/** The answers of the rating routes; see hub/api and /openapi.json. */

export const levels = [5, 4, 3, 2, 1] as const
/** From 5, very satisfied, to 1, very dissatisfied. */
export type Level = (typeof levels)[number]

/** The levels of which a citizen is asked why. */
export const isBad = (level: Level): boolean => level <= 2

export interface Reason { id: string; zh: string; en: string }

/** What a screen of a window, or of a ticket, shows now. */
export interface RatingPrompt {
  /** Absent on a ticket's page before its visit. */
  window?: string
  number?: string
  name?: string
  /** idle: no visit; open: can be rated; rated: a rating counts; closed: too late. */
  state: 'idle' | 'open' | 'rated' | 'closed'
  visit?: string
  service?: string
  service_name?: string
  /** When it closes, once the visit has ended. */
  until?: string
  rated_at?: string
  /** Until when another press corrects the one that counts. */
  correct_until?: string
  /** The rating that counts is bad and nobody has said why. */
  explain: boolean
  reasons: Reason[]
}

export interface Press { id: string; at: string; level: Level; source: 'button' | 'tablet' | 'phone'; state: 'counted' | 'superseded' | 'invalid'; reason?: string }

export type RatingResult = 'open' | 'rated' | 'unrated' | 'passed' | 'excluded' | 'none'

/** A visit with its presses; a press without a visit stands alone. */
export interface RatingRow {
  visit?: string
  day: string
  window: string
  number?: string
  staff?: string
  staff_name?: string
  department?: string
  service?: string
  service_name?: string
  ticket?: string
  started?: string
  ended?: string
  outcome?: string
  result: RatingResult
  level?: Level
  /** What the citizen chose as reasons, by id. */
  reasons?: string[]
  case?: string
  exclusion?: 'proposed' | 'excluded'
  presses: Press[]
}

export interface RatingPage { ratings: RatingRow[]; total: number }

export interface Formula { id: string; zh: string; en: string; formula_zh: string; formula_en: string; reference: string }

export interface IndicatorRow {
  key: string
  name?: string
  figures: RatingFigures
  cases: { due: number; in_time: number; contact: number; revisited: number }
  rates: RatingRate[]
  /** Absent where nothing was rated, for the hall, and for days and months. */
  ranking?: { place: number; value: number; shrunk: number; sample: number }
}

export interface Indicators {
  from: string
  until: string
  by: string
  total: IndicatorRow
  rows: IndicatorRow[]
  formulas: Formula[]
  /** The number of ratings by which a small sample is drawn toward the hall. */
  prior: number
}

export interface Sign {
  kind: 'burst' | 'streak' | 'early' | 'idle'
  window: string
  number?: string
  staff?: string
  staff_name?: string
  from: string
  until: string
  /** How many presses make it, of how many ratings or visits there were meanwhile. */
  count: number
  of: number
  ratings: string[]
}

export interface Publication {
  period: string
  revision: number
  as_of: string
  final?: boolean
  figures: RatingFigures
  changes?: { name: string; before: number; after: number }[]
  by: string
  at: string
  rates: RatingRate[]
  withdrawn?: { at: string; why: string }
}
