/**
 * What the rating tablet shows, pure: events in, state out. Times are
 * milliseconds of the page's monotonic clock. The hub decides what a touch is
 * worth; the tablet only keeps it, thanks, and asks why where it was bad.
 */
import { isBad, type Level, type RatingPrompt } from '../rating/types'

/** A button pressed so long ago is still thanked for. */
export const RECENT = 15_000
/** How long a touch stands marked where nothing may be corrected, and the thanks after it. */
export const THANKS = 4_000
/** Without a touch for so long the tablet asks whether somebody is there, and WARNING later it goes back (UX rule 6). */
export const IDLE = 60_000
export const WARNING = 20_000

export type View = 'idle' | 'choose' | 'thanks' | 'reasons' | 'words'

export interface Mine {
  readonly id: string
  readonly level: Level
  readonly at: number
}

export interface Screen {
  readonly view: View
  readonly prompt: RatingPrompt | null
  /** Whether the hub is there. Away, the five choices stay: nobody knows who is being served. */
  readonly online: boolean
  /** The touch that is thanked for; forgotten with the view. */
  readonly mine: Mine | null
  /** The visit that the view is about, as far as it is known. */
  readonly visit: string | null
  /** Until when another choice corrects the one that was made. */
  readonly correctUntil: number | null
  /** How long that lasts, as the hub last said, in milliseconds. */
  readonly correction: number | null
  /** A rating of this visit waits here for the hub. */
  readonly waits: string | null
  /** The rating that was last seen, by its time. */
  readonly seen: string | null
  readonly leaveAt: number | null
  readonly touchedAt: number
}

export type RateEvent =
  /** `age` is how long ago the rating was made, `correct` how long it may be corrected, as the hub's clock says. */
  | { type: 'prompt'; prompt: RatingPrompt; age: number | null; correct: number | null }
  | { type: 'online'; online: boolean }
  | { type: 'touch'; level: Level; id: string }
  /** `visit` is what the touch counts for. */
  | { type: 'told'; id: string; prompt: RatingPrompt | null; visit: string | null; correct: number | null }
  | { type: 'change' }
  | { type: 'explained' } | { type: 'skip' } | { type: 'words' } | { type: 'back' }
  | { type: 'stay' }
  | { type: 'tick' }

export function begin(now: number): Screen {
  return { view: 'idle', prompt: null, online: true, mine: null, visit: null, correctUntil: null, correction: null, waits: null, seen: null, leaveAt: null, touchedAt: now }
}

/** Seconds until the tablet goes back by itself, once it asks; null before. */
export function warning(s: Screen, now: number): number | null {
  if (s.view !== 'reasons' && s.view !== 'words') return null
  const left = goesBack(s) - now
  return left <= WARNING ? Math.max(0, Math.ceil(left / 1_000)) : null
}

/** A touch needs so long to its hub: nothing is offered in the last moment. */
const LAST_MOMENT = 300

/** Whole seconds for which another choice corrects; 0 where none does. */
export function correctable(s: Screen, now: number): number {
  return s.mine === null || s.correctUntil === null ? 0 : Math.max(0, Math.ceil((s.correctUntil - LAST_MOMENT - now) / 1_000))
}

/** The visit that a touch names: only what the hub said just now; later the time of the touch tells more. */
export function named(s: Screen): string | null {
  const { prompt } = s
  return s.online && prompt && (prompt.state === 'open' || prompt.state === 'rated') ? (prompt.visit ?? null) : null
}

export function step(s: Screen, event: RateEvent, now: number): Screen {
  switch (event.type) {
    case 'prompt': return prompted(s, event, now)
    case 'online': return event.online === s.online ? s : settle({ ...s, online: event.online })
    case 'touch': return touched(s, event, now)
    case 'told': return told(s, event, now)
    case 'change': return s.mine && correctable(s, now) > 0 ? { ...s, view: 'choose', touchedAt: now } : s
    case 'words': return s.view === 'reasons' ? { ...s, view: 'words', touchedAt: now } : s
    case 'back': return s.view === 'words' ? { ...s, view: 'reasons', touchedAt: now } : s
    case 'explained': case 'skip': return s.view === 'reasons' || s.view === 'words' ? thank(s, now) : s
    case 'stay': return { ...s, touchedAt: now, leaveAt: s.view === 'reasons' || s.view === 'words' ? null : s.leaveAt }
    case 'tick': return tick(s, now)
  }
}

function tick(s: Screen, now: number): Screen {
  if (s.view === 'choose' && s.mine && now >= (s.correctUntil ?? s.mine.at + THANKS)) {
    return isBad(s.mine.level) ? { ...s, view: 'reasons', touchedAt: now } : thank(s, now)
  }
  if (s.view === 'thanks' && s.leaveAt !== null && now >= s.leaveAt) return rest(s)
  if ((s.view === 'reasons' || s.view === 'words') && now >= goesBack(s)) return rest(s)
  return s
}

const goesBack = (s: Screen) => Math.min(s.touchedAt + IDLE + WARNING, s.leaveAt ?? Infinity)

const thank = (s: Screen, now: number): Screen => ({ ...s, view: 'thanks', leaveAt: now + THANKS })

/** Everything of the last person is gone. */
function rest(s: Screen): Screen {
  return settle({ ...s, view: 'idle', mine: null, visit: null, correctUntil: null, leaveAt: null })
}

/** Shows the choices where somebody may be rating, and nothing where not. It disturbs nobody who is at it. */
function settle(s: Screen): Screen {
  if (s.mine !== null || (s.view !== 'idle' && s.view !== 'choose')) return s
  const open = !s.online || (s.prompt?.state === 'open' && (s.waits === null || s.prompt.visit !== s.waits))
  return { ...s, view: open ? 'choose' : 'idle', visit: s.online ? (s.prompt?.visit ?? null) : null }
}

function touched(s: Screen, { level, id }: { level: Level; id: string }, now: number): Screen {
  if (s.view !== 'choose' || s.mine?.level === level) return s
  if (s.mine !== null && correctable(s, now) === 0) return s
  const visit = s.mine === null ? named(s) : s.visit
  const next: Screen = {
    ...s, mine: { id, level, at: now }, visit, waits: visit, touchedAt: now, leaveAt: null,
    correctUntil: s.mine === null ? (s.correction === null ? null : now + s.correction) : s.correctUntil,
  }
  return isBad(level) ? { ...next, view: 'reasons' } : next
}

/** How long a rating may be corrected, where the prompt tells. */
function lasts(prompt: RatingPrompt): number | null {
  const ms = Date.parse(prompt.correct_until ?? '') - Date.parse(prompt.rated_at ?? '')
  return ms > 0 ? ms : null // of a rating that was corrected already it is none
}

function told(s: Screen, { id, prompt, visit, correct }: Extract<RateEvent, { type: 'told' }>, now: number): Screen {
  const heard = prompt === null ? s : { ...s, online: true, prompt, seen: prompt.rated_at ?? s.seen, correction: lasts(prompt) ?? s.correction }
  if (s.mine?.id !== id) return settle({ ...heard, waits: s.mine === null ? null : s.waits })
  return { ...heard, waits: null, visit: visit ?? s.visit, correctUntil: correct === null ? s.correctUntil : now + correct }
}

function prompted(s: Screen, { prompt, age, correct }: Extract<RateEvent, { type: 'prompt' }>, now: number): Screen {
  const next: Screen = { ...s, prompt, online: true, correction: lasts(prompt) ?? s.correction, seen: prompt.rated_at ?? s.seen }
  // What was rated before this page was there has been thanked for, or nobody stands here any more.
  const fresh = s.prompt !== null && prompt.state === 'rated' && prompt.rated_at !== s.seen && age !== null && age <= RECENT
  if (s.mine === null && (s.view === 'idle' || s.view === 'choose')) {
    if (!fresh) return settle(next)
    // The window's button was pressed: the same thanks, and the same question.
    const thanks: Screen = { ...next, visit: prompt.visit ?? null, touchedAt: now }
    return prompt.explain ? { ...thanks, view: 'reasons', leaveAt: null } : thank(thanks, now)
  }
  if (s.visit !== null && prompt.visit !== s.visit && prompt.state === 'open') return hurry(next, now)
  if (prompt.visit !== s.visit) return next
  const until = correct === null || s.mine === null ? s.correctUntil : now + correct
  // The button corrected what it had said before.
  if (fresh && s.mine === null && !prompt.explain && s.view === 'reasons') return thank(next, now)
  if (fresh && s.mine === null && prompt.explain && s.view === 'thanks') return { ...next, view: 'reasons', leaveAt: null, touchedAt: now }
  return { ...next, correctUntil: until }
}

/** Somebody else is being served: whoever still writes is asked at once whether they go on. */
function hurry(s: Screen, now: number): Screen {
  if (s.view !== 'reasons' && s.view !== 'words') return s
  return { ...s, leaveAt: s.leaveAt ?? now + WARNING }
}
