import type { useI18n } from '../i18n'

/**
 * How an expected wait is said: as a range where its error is known, in whole
 * minutes. Both are in seconds.
 */
export function waitWords(t: ReturnType<typeof useI18n>['t'], wait: number | undefined, error?: number): string {
  if (wait === undefined) return t('kiosk.wait.unknown')
  const m = Math.round(wait / 60)
  if (m === 0) return t('kiosk.wait.now')
  const e = Math.round((error ?? 0) / 60)
  return e === 0 ? t('kiosk.wait', { m }) : t('kiosk.wait.range', { least: Math.max(1, m - e), most: m + e })
}
