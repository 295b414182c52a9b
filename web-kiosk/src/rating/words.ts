import { isKey, type useI18n } from '../i18n'
import type { CaseRow, CaseStep } from './cases'

type Translate = ReturnType<typeof useI18n>['t']

/** What presses on a case, most of all first. */
export type CaseMark = 'answer_late' | 'rectify_late' | 'soon' | 'appeal' | 'exclusion' | 'extension'

/** The marks of a case: what is late stays late; what waits for a decision is said while it waits. */
export function caseMarks(row: CaseRow): CaseMark[] {
  const all: [CaseMark, boolean | undefined][] = [
    ['answer_late', row.answer_late], ['rectify_late', row.rectify_late], ['soon', row.soon && row.state !== 'closed'],
    ['appeal', row.appeal === 'waiting'], ['exclusion', row.exclusion === 'waiting'], ['extension', row.extension === 'waiting'],
  ]
  return all.filter(([, on]) => on).map(([mark]) => mark)
}

/** How long until the next last day, in words; nothing where no clock runs. */
export function leftWords(t: Translate, row: Pick<CaseRow, 'left' | 'state'>): string {
  const { left } = row
  if (left === null || row.state === 'closed') return ''
  if (left < 0) return t('case.left.past', { n: -left })
  return left === 0 ? t('case.left.today') : t('case.left', { n: left })
}

/** Which step comes next for a case, and by when. */
export function nextWords(t: Translate, row: CaseRow): string {
  switch (row.state) {
    case 'open': return t('case.next.answer', { day: row.answer_due })
    case 'answered': return t('case.next.rectify', { day: row.rectify_due })
    case 'rectified': return t(row.contact && row.revisit !== 'satisfied' ? 'case.next.revisit' : 'case.next.close')
    case 'closed': return row.result ? t(`case.result.${row.result}`) : ''
  }
}

/** What a step of a case's story says beside its name. */
export function stepWords(t: Translate, step: CaseStep): string {
  const { kind, say } = step
  if (!say) return ''
  const words = (key: string) => (isKey(key) ? t(key as 'case.result.rectified') : say)
  switch (kind) {
    case 'case.assigned': case 'appeal.made': return '' // an id, whose name stands elsewhere
    case 'case.opened': return words(`case.source.${say}`)
    case 'case.closed': return words(`case.result.${say}`)
    case 'case.revisited': return words(`case.revisit.${say}`)
    case 'case.graded': return t(say === 'true' ? 'case.hard' : 'case.ordinary')
    case 'extension.asked': return t('case.days', { n: say })
    case 'extension.decided': case 'appeal.decided': case 'exclusion.decided': return words(`case.decided.${say}`)
    case 'exclusion.proposed': return words(`exclusion.why.${say}`)
  }
  return say
}
