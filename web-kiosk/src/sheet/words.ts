import { isKey, useI18n, type Key } from '../i18n'
import type { Excuse, Finding, LeaveAsked, Mark, Slot, Span } from '../wire.gen'

/** The parts of a check sheet in words; see Sheet in wire.gen. */
export function useSheetWords() {
  const { t, join, article } = useI18n()

  /** The word of a name that the hub gives; the name itself where there is none. */
  function named(key: string): string {
    return isKey(key) ? t(key as Key as 'off.rest') : key.slice(key.lastIndexOf('.') + 1)
  }
  const rule = (id: string) => named(`rule.${id}`)
  const off = (why: string) => named(`off.${why}`)

  function slot(s: Slot): string {
    if (s.state === 'late') return t('slot.late', { n: s.minutes ?? 0 })
    if (s.state === 'early') return t('slot.early', { n: s.minutes ?? 0 })
    if (s.state === 'upcoming' && s.actual) return t('slot.sofar')
    return named(`slot.${s.state}`)
  }

  /** How a slot came to be filled where it was not by a swipe. */
  const how = (s: Slot) => (s.how && s.how !== 'swipe' ? named(`how.${s.how}`) : '')

  function excuse(e: Excuse): string {
    return `${named(`half.${e.half}`)} ${isKey(`leave.${e.why}`) ? named(`leave.${e.why}`) : off(e.why)}`
  }

  function finding(f: Finding): string {
    return [rule(f.rule), f.at ?? '', `· ${t('finding.points', { n: f.points })}`].filter((text) => text !== '').join(' ')
  }

  const spans = (all: readonly Span[]) => join(all.map((s) => `${s.from}–${s.until}`))

  /** One field of a line as it stands on one of two revisions. sign gives a window's number. */
  function value(field: string, raw: unknown, sign: (window: string) => string): string {
    if (raw === undefined || raw === null || raw === '') return '–'
    switch (field) {
      case 'slots':
        return join((raw as Slot[]).map((s) => [s.expected, s.actual ?? '', slot(s), how(s)].filter((text) => text !== '').join(' ')))
      case 'swipes':
        return join((raw as Mark[]).map((m) => `${m.at || '?'} ${m.window ? sign(m.window) : ''} ${named(`mark.${m.use}`)}`))
      case 'findings':
        return join((raw as Finding[]).map((f) => `${finding(f)}${f.withdrawn ? `（${t('day.withdrawn')}）` : ''}`))
      case 'excused':
        return join((raw as Excuse[]).map(excuse))
      case 'away':
      case 'gaps':
        return spans(raw as Span[])
      case 'off':
        return off(raw as string)
      case 'window':
        return sign(raw as string)
      case 'why':
      case 'state':
        return named(`day.suspect.${raw as string}`)
      case 'day_kind':
        return named(`day.kind.${raw as string}`)
      case 'events':
        return t('sheet.events', { n: (raw as unknown[]).length })
    }
    if (typeof raw === 'boolean') return raw ? t('sheet.yes') : t('sheet.no')
    return String(raw)
  }

  /** The days of a leave; one day or half day is told once. */
  function leave(l: Pick<LeaveAsked, 'from' | 'from_half' | 'until' | 'until_half'>): string {
    if (l.from === l.until) return `${l.from} ${named(`half.${l.from_half === l.until_half ? l.from_half : 'day'}`)}`
    return `${l.from} ${named(`half.${l.from_half}`)} – ${l.until} ${named(`half.${l.until_half}`)}`
  }

  const field = (name: string) => named(`sheet.field.${name}`)

  return { rule, off, slot, how, excuse, finding, spans, leave, value, field, article }
}
