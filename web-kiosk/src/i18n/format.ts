import type { Key } from './catalogue'
import type { Locale } from './index'

/** A text and what fills it, for t(). */
export interface Span {
  key: Key & (`age.${string}` | `duration.${string}`)
  n: number
}

// Formatters are dear to make and pages ask every second.
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(locale: Locale, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${zone} ${JSON.stringify(options)}`
  let found = formatters.get(key)
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : 'zh-CN', { ...options, timeZone: known(zone), hourCycle: 'h23' })
    formatters.set(key, found)
  }
  return found
}

/** A zone that this browser does not know must not blank a screen. */
function known(zone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone || 'Asia/Shanghai'
  } catch {
    return 'Asia/Shanghai'
  }
}

/** 2026年11月23日 星期一, or Monday 23 November 2026, in the hall's zone. */
export function formatDay(ms: number, locale: Locale, zone: string): string {
  const part = (options: Intl.DateTimeFormatOptions) => formatter(locale, zone, options).format(ms)
  if (locale === 'en') return part({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).replace(',', '')
  return `${part({ year: 'numeric', month: 'long', day: 'numeric' })} ${part({ weekday: 'long' })}`
}

/** 08:58:31 in the hall's zone. */
export function formatTime(ms: number, zone: string): string {
  return formatter('en', zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms)
}

/** 08:58 in the hall's zone. */
export function formatMinute(ms: number, zone: string): string {
  return formatter('en', zone, { hour: '2-digit', minute: '2-digit' }).format(ms)
}

/** 11-23 in the hall's zone. */
export function formatMonthDay(ms: number, zone: string): string {
  const parts = formatter('en', zone, { month: '2-digit', day: '2-digit' }).formatToParts(ms)
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return `${of('month')}-${of('day')}`
}

/** 2026-11-23 in the hall's zone. */
export function formatDate(ms: number, zone: string): string {
  const parts = formatter('en', zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(ms)
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return `${of('year')}-${of('month')}-${of('day')}`
}

/** The time alone on the same civil day as `now`, with the date before it otherwise. */
export function formatMoment(ms: number, now: number | null, zone: string): string {
  return now !== null && sameDay(ms, now, zone) ? formatTime(ms, zone) : `${formatMonthDay(ms, zone)} ${formatTime(ms, zone)}`
}

/** The shortest that still says when: 08:58 on the same civil day as `now`, 11-23 on another. */
export function formatBrief(ms: number, now: number | null, zone: string): string {
  return now !== null && sameDay(ms, now, zone) ? formatMinute(ms, zone) : formatMonthDay(ms, zone)
}

/** Whether two instants are on one civil day of the hall. */
export function sameDay(a: number, b: number, zone: string): boolean {
  const day = formatter('en', zone, { year: 'numeric', month: '2-digit', day: '2-digit' })
  return day.format(a) === day.format(b)
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long ago, in whole units rounded down. A little in the future (clocks differ) is now. */
export function age(ms: number): Span {
  if (ms < 2 * SECOND) return { key: 'age.now', n: 0 }
  if (ms < MINUTE) return { key: 'age.seconds', n: Math.floor(ms / SECOND) }
  if (ms < HOUR) return { key: 'age.minutes', n: Math.floor(ms / MINUTE) }
  if (ms < DAY) return { key: 'age.hours', n: Math.floor(ms / HOUR) }
  return { key: 'age.days', n: Math.floor(ms / DAY) }
}

/** A length of time; its sign is the caller's to show. */
export function duration(ms: number): Span {
  const length = Math.abs(ms)
  if (length < SECOND) return { key: 'duration.ms', n: Math.round(length) }
  if (length < MINUTE) return { key: 'duration.seconds', n: Math.round(length / SECOND) }
  if (length < HOUR) return { key: 'duration.minutes', n: Math.round(length / MINUTE) }
  if (length < DAY) return { key: 'duration.hours', n: Math.round(length / HOUR) }
  return { key: 'duration.days', n: Math.round(length / DAY) }
}

/** 12,345 */
export function formatCount(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}
