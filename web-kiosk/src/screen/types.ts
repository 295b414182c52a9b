import type { ScreenUse } from '../wire.gen'

/** What a screen is, as the hub answers once it has proved it. */
export interface ScreenSession {
  readonly screen: string
  readonly name: string
  readonly use: ScreenUse
  readonly window?: string
  readonly printer?: string
  /** When the session ends. */
  readonly expires: string
  /** It is time for the next certificate. */
  readonly renew?: boolean
}

/** How a request to be enrolled stands. */
export interface Asked {
  readonly state: 'waiting' | 'confirmed'
  readonly request?: string
  readonly code?: string
  /** Whole seconds for which the code works. */
  readonly left?: number
  readonly console_url?: string
  readonly certificate?: string
}

/** One screen as the console lists it. */
export interface ScreenRow {
  readonly screen: string
  readonly name: string
  readonly use: ScreenUse
  readonly window?: string
  readonly printer?: string
  readonly serial: string
  readonly fingerprint: string
  readonly not_after: string
  readonly confirmed: string
  readonly by: string
  readonly seen?: string
  readonly from?: string
  readonly removed?: string
  readonly reason?: string
}

export const uses = ['lobby', 'board', 'kiosk', 'rate', 'panel'] as const satisfies readonly ScreenUse[]

export const atWindow = (use: string): boolean => use === 'rate' || use === 'panel'

/** The page that a screen is for. */
export function pageOf({ use, window }: { use: ScreenUse; window?: string | undefined }): string {
  const id = encodeURIComponent(window ?? '')
  switch (use) {
    case 'rate': return `/rate/${id}`
    case 'panel': return `/window/${id}`
    case 'kiosk': return '/kiosk'
    case 'board': return '/board'
    case 'lobby': return '/lobby'
  }
}
