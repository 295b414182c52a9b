import type { Live } from '../wire.gen'
import { isObject } from './merge'

/** What came over the socket, checked as far as the state machine relies on it. */
export type Message =
  | { type: 'snapshot'; seq: number; at: number | null; live: Live }
  | { type: 'patch'; seq: number; at: number | null; patch: unknown }
  | { type: 'alive'; seq: number; at: number | null }
  /** A type that this build does not know: the contract grows by adding. */
  | { type: 'unknown'; at: number | null }

/** Reads one message; null where the text breaks the contract. */
export function parseMessage(text: string): Message | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isObject(value) || typeof value['type'] !== 'string') return null
  const at = instant(value['at'])
  const { type, seq, data } = value
  if (type !== 'snapshot' && type !== 'patch' && type !== 'alive') return { type: 'unknown', at }
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) return null
  switch (type) {
    case 'snapshot': {
      const live = asLive(data)
      return live && { type, seq, at, live }
    }
    case 'patch':
      return isObject(data) ? { type, seq, at, patch: data } : null
    case 'alive':
      return { type, seq, at }
  }
}

/**
 * A whole live view, or null. Maps that are absent or null (an empty map in the
 * hub) become empty here, once, so that no page has to ask.
 */
export function asLive(value: unknown): Live | null {
  if (!isObject(value) || !isObject(value['hall']) || !isObject(value['hub'])) return null
  const whole = {
    ...value,
    windows: isObject(value['windows']) ? value['windows'] : {},
    devices: isObject(value['devices']) ? value['devices'] : {},
    alarms: isObject(value['alarms']) ? value['alarms'] : {},
    dead_letters: typeof value['dead_letters'] === 'number' ? value['dead_letters'] : 0,
  }
  // The hub that sent this also served the page, with types made from the same source.
  return whole as unknown as Live
}

/** Milliseconds since 1970 of an RFC 3339 time, or null. */
export function instant(value: unknown): number | null {
  if (typeof value !== 'string') return null
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? null : ms
}
