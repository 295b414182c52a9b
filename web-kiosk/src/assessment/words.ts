import { isKey, type Key, type Locale, type useI18n } from '../i18n'
import type { Words } from './types'

type T = ReturnType<typeof useI18n>['t']

/** A name or sentence in the page's language. */
export const inWords = (locale: Locale, words: Words): string => (locale === 'en' ? words.en : words.zh)

/** 98, 98.5, 97.33: as many digits as there are, two at most. */
export const points = (n: number): string => String(Math.round(n * 100) / 100)

/** What a finding does to a score: −2, +1, 0, with the sign of mathematics. */
export function change(n: number): string {
  const size = points(Math.abs(n))
  if (size === '0') return '0'
  return n < 0 ? `−${size}` : `+${size}`
}

/** 2026年11月, 2026年第四季度, 2026年; November 2026, 4th quarter of 2026, 2026. What is no period stays as it is. */
export function periodWords(t: T, period: string): string {
  const month = /^(\d{4})-(\d{2})$/.exec(period)
  if (month) {
    const n = Number(month[2])
    const key = `score.period.month.${n}`
    return isKey(key) ? t(key as Key as 'score.period.month.1', { year: month[1] ?? '' }) : period
  }
  const quarter = /^(\d{4})-Q([1-4])$/.exec(period)
  if (quarter) return t(`score.period.quarter.${quarter[2]}` as 'score.period.quarter.1', { year: quarter[1] ?? '' })
  return /^\d{4}$/.test(period) ? t('score.period.year', { year: period }) : period
}

/** 2026-11-23T09:00:00+08:00 as it stands in the hall: 2026-11-23 09:00. The hub writes times in the hall's zone. */
export const momentOf = (at: string): string => at.slice(0, 16).replace('T', ' ')

/** late_minor_points=1 points@2020-08-01: what a rule used. */
export function parameterWords(t: T, text: string): string {
  const parts = /^([^=]+)=(\S+) (.*)@(\d{4}-\d{2}-\d{2})$/.exec(text)
  if (!parts) return text
  const [, name = '', value = '', unit = '', day = ''] = parts
  return t('score.parameter', { name, value, unit, day })
}
