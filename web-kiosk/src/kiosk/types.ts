import type { ServiceSet } from '../wire.gen'

/** A service as GET services answers it. */
export interface ServiceRow extends ServiceSet {
  waiting: number
  /** The expected wait of a ticket taken now and its mean error, in seconds. */
  wait?: number
  wait_error?: number
  initials: string[]
}

export interface ServiceList {
  services: ServiceRow[]
  departments: { [id: string]: string }
  public_url?: string
}

/** A ticket as its holder sees it. */
export interface TicketRow {
  ticket: string
  /** The holder's: the page of the ticket is /t/{token}. Only who takes a ticket at a kiosk is told it. */
  token?: string
  number: string
  service: string
  class: string
  stage: 'waiting' | 'called' | 'serving' | 'held' | 'finished' | 'missed' | 'closed'
  window?: string
  ahead: number
  then?: string[]
  slot?: string
  issued_at: string
  announced_at?: string
  started_at?: string
  why?: string
  /** How it stands with the printer; not there where the kiosk has none. */
  print?: 'waiting' | 'done' | 'failed'
  print_why?: string
  /** The expected wait in seconds; not there where it is not known. */
  wait?: number
  /** The mean error of the waits that were said lately, in seconds. */
  wait_error?: number
}

export interface FreeSlot {
  from: string
  until: string
  capacity: number
  free: number
}

export interface Appointment {
  appointment: string
  code: string
  service: string
  day: string
  from: string
  until: string
}

/** Priority classes, in the order in which they are offered. */
export const classes = ['elderly', 'disabled', 'military', 'green'] as const
