import type { Live, LiveCall, LiveService, LiveWindow } from '../wire.gen'
import { bySign } from '../components/marks'
import { leastSize, NUMBER_ARC, TEXT_ARC, type Hall } from './sizing'

/** A call as the board shows it. */
export interface Shown extends LiveCall {
  /** The window as its sign says it. */
  readonly sign: string
  readonly direction: string
}

/** The last call of each ticket, newest first; what sounds now stands before all others. */
export function shownCalls(live: Pick<Live, 'calls' | 'windows'>, speaking: string | null): Shown[] {
  const newest = Object.values(live.calls).sort((a, b) => (a.id < b.id ? 1 : -1))
  const seen = new Set<string>()
  const shown: Shown[] = []
  for (const call of newest) {
    if (seen.has(call.number)) continue
    seen.add(call.number)
    const window = live.windows[call.window]
    shown.push({ ...call, sign: window?.number ?? call.window, direction: window?.direction ?? '' })
  }
  const now = shown.findIndex((call) => call.id === speaking)
  if (now > 0) shown.unshift(...shown.splice(now, 1))
  return shown
}

/** Services by their prefix, as they stand on tickets. */
export function byPrefix(services: Iterable<LiveService>): LiveService[] {
  return [...services].sort((a, b) => (a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : 0))
}

/** Windows that the line knows: those that serve something. */
export function serving(live: Pick<Live, 'services' | 'windows'>): LiveWindow[] {
  const used = new Set(Object.values(live.services).flatMap((service) => service.windows))
  return bySign(Object.values(live.windows).filter((window) => used.has(window.id)))
}

export interface Board {
  /** Font size of text and of numbers, in CSS pixels. */
  readonly text: number
  readonly number: number
  /** How many earlier calls stand below the current one. */
  readonly earlier: number
  /** How many services and windows stand on one page of the side. */
  readonly services: number
  readonly windows: number
}

// The parts of the screen, in text sizes.
const HEADER = 1.4
const FOOTER = 1.47
const CURRENT = 4.75
const EARLIER = 1.62
const SERVICE = 2.55
const WINDOW = 1.5

/** Lays the board out by rule 3: text has 16 arc minutes at least, numbers 22; larger where the screen has room. */
export function layBoard(hall: Hall, width: number, height: number): Board {
  const text = Math.max(leastSize(TEXT_ARC, hall, width, height), Math.min(width / 21, height / 12))
  const number = text * (NUMBER_ARC / TEXT_ARC)
  const room = height / text - HEADER - FOOTER
  return {
    text,
    number,
    earlier: Math.max(0, Math.floor((room - CURRENT) / EARLIER)),
    services: Math.max(1, Math.floor(room / SERVICE)),
    windows: Math.max(1, Math.floor(room / WINDOW)),
  }
}

/** Cuts a list into pages; none is no page. */
export function paged<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, n) => list.slice(n * size, (n + 1) * size))
}
