import type { Period } from './types'

/** A minute of the day as hh:mm; a night's end is written as of the next day. */
export function clockOf(minute: number): string {
  const m = minute % (24 * 60)
  return `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`
}

/** Periods as they are written in a form: 08:30-12:00 14:30-18:00. */
export function periodsText(periods: readonly Period[]): string {
  return periods.map(({ from, until }) => `${clockOf(from)}-${clockOf(until)}`).join(' ')
}

/** Periods as they are sent; what is not hh:mm-hh:mm goes to the hub as it is and comes back with its reason. */
export function readPeriods(text: string): { in: string; out: string }[] {
  return text.trim().split(/[\s,\uff0c\u3001]+/).filter((part) => part !== '').map((part) => {
    const [begin = '', end = ''] = part.split(/[-–~\u81f3]/) // a hyphen, a dash, a tilde or the Chinese word for until
    return { in: begin, out: end }
  })
}

/** Monday to Sunday, short. */
export function weekdayNames(locale: string): string[] {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone: 'UTC' })
  return Array.from({ length: 7 }, (_, n) => format.format(new Date(Date.UTC(2024, 0, 1 + n))))
}
