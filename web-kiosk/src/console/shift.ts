import type { Period } from '../wire.gen'

/** Periods as they are written in a form: 08:30-12:00 14:30-18:00. */
export function periodsText(periods: readonly Period[]): string {
  return periods.map((period) => `${period.in}-${period.out}`).join(' ')
}

/** Periods as they are sent; what is not hh:mm-hh:mm goes to the hub as it is and comes back with its reason. */
export function readPeriods(text: string): Period[] {
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
