import type { Kind } from '../../assessment/types'

/** The kind of a period: 2026-11 is a month, 2026-Q4 a quarter, 2026 a year; null for anything else. */
export function kindOf(period: string): Kind | null {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(period)) return 'month'
  if (/^\d{4}-Q[1-4]$/.test(period)) return 'quarter'
  return /^\d{4}$/.test(period) ? 'year' : null
}

/** Where the API has a period. */
export function pathOf(period: string): string {
  return `${kindOf(period) ?? 'month'}s/${period}`
}

/** The period before or after, of the same kind. */
export function beside(period: string, steps: number): string {
  const year = Number(period.slice(0, 4))
  switch (kindOf(period)) {
    case 'month': {
      const n = year * 12 + Number(period.slice(5)) - 1 + steps
      return `${Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}`
    }
    case 'quarter': {
      const n = year * 4 + Number(period.slice(6)) - 1 + steps
      return `${Math.floor(n / 4)}-Q${(n % 4) + 1}`
    }
    default: return String(year + steps)
  }
}

/** The quarter of a month, the year of a quarter; null for a year. */
export function wholeOf(period: string): string | null {
  switch (kindOf(period)) {
    case 'month': return `${period.slice(0, 4)}-Q${Math.ceil(Number(period.slice(5)) / 3)}`
    case 'quarter': return period.slice(0, 4)
    default: return null
  }
}

/** The months of so many that end with one, the earliest first. */
export function monthsUntil(last: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => beside(last, n - count + 1))
}
