import type { Locale } from '../i18n'

/** Where the handbook is read in a language: its contents, or one of the chapters that both have. */
export function helpAddress(locale: Locale, chapter: '' | 'first-hour' | 'recovery' = ''): string {
  return `/help/${locale === 'en' ? 'en' : 'zh'}/${chapter}`
}
