/**
 * The state of a page's connection, pure: events in, state and effects out.
 * Times are milliseconds of the page's monotonic clock; a screen's wall clock
 * may jump and is never used.
 */
import type { Live } from '../wire.gen'
import { mergePatch } from './merge'
import { asLive, parseMessage, type Message } from './message'

/** With no word for this long, what is shown is no longer live (UX rule 11). */
export const STALE_AFTER = 5_000
/** A closed socket that is back within this time is not worth a warning. */
export const CLOSED_GRACE = 1_000
/** An attempt that has no snapshot after this time is given up. */
export const ATTEMPT_LIMIT = 4_000
/** The longest wait before the next attempt. */
export const BACKOFF_MAX = 2_000
const BACKOFF_FIRST = 125

export type Phase = 'connecting' | 'live' | 'stale' | 'disconnected'

/** Where the socket is. `attempt` lasts until the first snapshot. */
export type Link = 'waiting' | 'attempt' | 'up'

export interface LiveState {
  readonly phase: Phase
  readonly live: Live | null
  readonly seq: number
  readonly link: Link
  /** When the link last changed. */
  readonly linkSince: number
  /** When to try next, while waiting. */
  readonly retryAt: number
  /** Attempts since the last connection that held. */
  readonly attempts: number
  /** When the hub was last heard, or null. */
  readonly heardAt: number | null
  /** The hub's clock at its last word, milliseconds since 1970, or null. */
  readonly lastWord: number | null
  /** The hub's clock minus this page's monotonic clock, or null while unknown. */
  readonly offset: number | null
  /** How the word was lost: silence on an open socket, or a closed one. */
  readonly lost: 'silence' | 'closed' | null
  /** When it was lost, or null while it is not. */
  readonly lostAt: number | null
}

export type LiveEvent =
  | { type: 'message'; text: string }
  | { type: 'closed' }
  | { type: 'tick' }

/** What the driver is to do. `open` replaces any socket that is still there. */
export type Effect = 'open' | 'close'

export interface Step {
  readonly state: LiveState
  readonly effect: Effect | null
}

/** A page that has just been loaded: it opens its socket at the first tick. */
export function initial(now: number): LiveState {
  return {
    phase: 'connecting', live: null, seq: 0, link: 'waiting', linkSince: now, retryAt: now, attempts: 0,
    heardAt: null, lastWord: null, offset: null, lost: null, lostAt: null,
  }
}

/** Takes one event. `random` in [0, 1) spreads the attempts of a thousand screens. */
export function step(state: LiveState, event: LiveEvent, now: number, random: number): Step {
  const moved = move(state, event, now, random)
  const phase = phaseOf(moved.state, now)
  return phase === moved.state.phase ? moved : { ...moved, state: { ...moved.state, phase } }
}

function move(state: LiveState, event: LiveEvent, now: number, random: number): Step {
  switch (event.type) {
    case 'message':
      return receive(state, event.text, now, random)
    case 'closed':
      if (state.link === 'waiting') return { state, effect: null }
      return lose(state, 'closed', now, random)
    case 'tick':
      return tick(state, now, random)
  }
}

function tick(state: LiveState, now: number, random: number): Step {
  switch (state.link) {
    case 'waiting':
      if (now < state.retryAt) return { state, effect: null }
      return { state: { ...state, link: 'attempt', linkSince: now }, effect: 'open' }
    case 'attempt':
      if (now - state.linkSince < ATTEMPT_LIMIT) return { state, effect: null }
      return lose(state, 'silence', now, random)
    case 'up':
      if (now - (state.heardAt ?? state.linkSince) < STALE_AFTER) return { state, effect: null }
      return lose(state, 'silence', now, random)
  }
}

function receive(state: LiveState, text: string, now: number, random: number): Step {
  // A socket that was given up may still deliver what was under way.
  if (state.link === 'waiting') return { state, effect: null }
  const message = parseMessage(text)
  if (message === null) return lose(state, 'closed', now, random)
  if (message.type === 'snapshot') {
    const up: LiveState = {
      ...heard(state, message.at, now),
      live: message.live, seq: message.seq, link: 'up', lost: null, lostAt: null,
      linkSince: state.link === 'up' ? state.linkSince : now,
    }
    return { state: up, effect: null }
  }
  // Before the snapshot there is nothing to patch.
  if (state.link !== 'up') return { state, effect: null }
  return follow(state, message, now, random)
}

function follow(state: LiveState, message: Exclude<Message, { type: 'snapshot' }>, now: number, random: number): Step {
  if (message.type === 'patch') {
    const live = message.seq === state.seq + 1 ? asLive(mergePatch(state.live, message.patch)) : null
    // Something between was missed: only a snapshot is true again.
    if (live === null) return lose(state, 'closed', now, random)
    return { state: { ...settled(heard(state, message.at, now), now), live, seq: message.seq }, effect: null }
  }
  if (message.type === 'alive' && message.seq !== state.seq) return lose(state, 'closed', now, random)
  return { state: settled(heard(state, message.at, now), now), effect: null }
}

function heard(state: LiveState, at: number | null, now: number): LiveState {
  if (at === null) return { ...state, heardAt: now }
  return { ...state, heardAt: now, lastWord: at, offset: nextOffset(state.offset, at - now) }
}

/**
 * A message is late by its way here, never early: the largest offset seen is
 * the truest. It sinks slowly, for clocks that drift apart, and jumps where the
 * hub's clock was set.
 */
function nextOffset(old: number | null, seen: number): number {
  if (old === null || seen > old || old - seen > 1_000) return seen
  return old + (seen - old) * 0.05
}

/** A connection that has held for a while earns a quick retry the next time. */
function settled(state: LiveState, now: number): LiveState {
  return state.attempts > 0 && now - state.linkSince >= STALE_AFTER ? { ...state, attempts: 0 } : state
}

function lose(state: LiveState, how: 'silence' | 'closed', now: number, random: number): Step {
  return {
    state: {
      ...state,
      link: 'waiting', linkSince: now, attempts: state.attempts + 1,
      retryAt: now + backoff(state.attempts, random),
      // A door once closed stays closed in words until it is open again, however the attempts fail.
      lost: state.lost === 'closed' ? 'closed' : how,
      lostAt: state.lostAt ?? now,
    },
    effect: 'close',
  }
}

/** The wait before an attempt, in milliseconds: doubling, at most 2 s, between half and all of it. */
export function backoff(attempts: number, random: number): number {
  const whole = Math.min(BACKOFF_MAX, BACKOFF_FIRST * 2 ** Math.min(attempts, 10))
  return whole * (0.5 + random / 2)
}

function phaseOf(state: LiveState, now: number): Phase {
  const lostFor = state.lostAt === null ? 0 : now - state.lostAt
  if (state.live === null || state.heardAt === null) {
    return lostFor < CLOSED_GRACE ? 'connecting' : 'disconnected'
  }
  const silentFor = now - state.heardAt
  if (state.lost === null) return silentFor < STALE_AFTER ? 'live' : 'stale'
  if (state.lost === 'silence') return 'stale'
  const blip = state.phase === 'live' && silentFor < STALE_AFTER && lostFor < CLOSED_GRACE
  return blip ? 'live' : 'disconnected'
}

/** The hub's clock now, milliseconds since 1970, or null while it is unknown. */
export function hubNow(state: LiveState, now: number): number | null {
  return state.offset === null ? null : now + state.offset
}
