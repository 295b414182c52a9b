import type { Api } from '../../api/client'
import type { useI18n } from '../../i18n'
import type { CaseStory } from '../../rating/cases'
import type { Session } from '../types'
import { peopleOf, type Field, type Form, type Option } from '../dialogs/fields'

type Translate = ReturnType<typeof useI18n>['t']

/** What can be done to a case. */
export type CaseAct = 'answer' | 'rectify' | 'revisit' | 'close' | 'assign' | 'grade' | 'extension' | 'extend' | 'appeal' | 'exclude' | 'verdict'

/** The longest text about a case, as the hub takes it. */
const LONG = 2_000

/** What somebody may do to a case now; the hub decides, this only shows no button in vain. */
export function actsOf(row: CaseStory, who: Pick<Session, 'account' | 'staff' | 'department' | 'permissions'>): CaseAct[] {
  const may = (permission: string) => who.permissions.includes(permission)
  const decide = may('decide')
  const liaison = may('recommend') && who.department !== undefined && who.department === row.department
  const answers = decide || liaison || (who.staff !== undefined && who.staff === row.handler)
  const proposed = row.exclusion === 'waiting' || row.exclusion === 'granted'
  const all: [CaseAct, boolean][] = [
    ['verdict', decide && row.exclusion === 'waiting' && row.exclusion_made?.by !== who.account],
    ['appeal', decide && row.appeal === 'waiting'],
    ['exclude', decide && row.visit !== undefined && row.appeal === 'granted' && !proposed],
    ['answer', answers && row.state === 'open'],
    ['rectify', answers && row.state === 'answered'],
    ['revisit', decide && row.state === 'rectified' && row.contact === true && row.revisit !== 'satisfied'],
    ['close', decide],
    ['extend', decide && row.extension === 'waiting'],
    ['assign', decide || liaison],
    ['grade', decide && row.state !== 'rectified'],
    ['extension', answers && row.state !== 'rectified' && row.extension !== 'waiting'],
    ['exclude', decide && row.visit !== undefined && row.appeal !== 'granted' && !proposed],
  ]
  // An appeal can be made for some days after the end, and then has to be decided.
  const after: readonly CaseAct[] = ['verdict', 'appeal', 'exclude']
  return all.filter(([act, can]) => can && (row.state !== 'closed' || (row.appeal !== undefined && after.includes(act)))).map(([act]) => act)
}

export interface FormNeeds { t: Translate; api: Api; departments: readonly Option[]; staff: readonly { id: string; name: string }[] }

/** The form of an act. */
export function formOf(act: CaseAct, row: CaseStory, { t, api, departments, staff }: FormNeeds): Form {
  const path = `cases/${encodeURIComponent(row.case)}`
  const text: Field = { name: 'text', label: t('case.text'), kind: 'long', most: LONG }
  const reason: Field = { name: 'reason', label: t('matter.reason'), kind: 'long', most: LONG }
  const choice = (name: string, label: string, options: readonly Option[], value = options[0]?.value ?? ''): Field => ({ name, label, kind: 'choice', options, value })
  const verdict = choice('yes', t('case.decision'), [{ value: 'yes', label: t('case.decided.granted') }, { value: '', label: t('case.decided.refused') }])
  const title = `${t(`case.do.${act}`)} · ${row.number}`
  const post = (to: string, body: object) => api.change('POST', to, body)
  switch (act) {
    case 'answer': return { title, fields: [text], action: (v) => post(`${path}/answer`, v) }
    case 'rectify': return { title, fields: [text], action: (v) => post(`${path}/rectify`, v) }
    case 'revisit': return { title, fields: [choice('result', t('case.revisit'), (['satisfied', 'unsatisfied', 'unreached'] as const).map((value) => ({ value, label: t(`case.revisit.${value}`) }))), text], action: (v) => post(`${path}/revisit`, v) }
    case 'close': return { title, fields: [choice('result', t('matter.result'), (['rectified', 'unfounded'] as const).map((value) => ({ value, label: t(`case.result.${value}`) }))), { ...reason, hint: t('case.close.hint') }], action: (v) => post(`${path}/close`, v) }
    case 'assign': return { title, fields: [choice('department', t('case.department'), departments, row.department), choice('staff', t('case.handler'), peopleOf(staff, t('case.handler.none')), row.handler ?? '')], action: (v) => post(`${path}/assign`, v) }
    case 'grade': return { title: `${t(row.hard ? 'case.do.ordinary' : 'case.do.hard')} · ${row.number}`, text: t('case.grade.text'), fields: [], action: () => post(`${path}/grade`, { hard: !row.hard }) }
    case 'extension': return { title, fields: [{ name: 'days', label: t('case.extension.days'), kind: 'number' }, reason], action: (v) => post(`${path}/extension`, { days: Number(v['days']) || 0, reason: v['reason'] }) }
    case 'extend': {
      const asked = row.extensions.find(({ state }) => state === 'waiting')
      return { title, text: t('case.extend.text', { n: asked?.days ?? 0 }), fields: [verdict, reason], action: (v) => post(`extensions/${encodeURIComponent(asked?.extension ?? '')}/decide`, { approved: v['yes'] === 'yes', reason: v['reason'] }) }
    }
    case 'appeal': return { title, text: t('case.appeal.text'), fields: [verdict, reason], action: (v) => post(`appeals/${encodeURIComponent(row.appeal_made?.appeal ?? '')}/decide`, { granted: v['yes'] === 'yes', reason: v['reason'] }) }
    case 'verdict': return { title, text: t('exclusion.decide.text'), fields: [verdict, reason], action: (v) => post(`exclusions/${encodeURIComponent(row.exclusion_made?.exclusion ?? '')}/decide`, { approved: v['yes'] === 'yes', reason: v['reason'] }) }
    case 'exclude': return { title, text: t('exclusion.propose.text'), grave: true, confirm: t('exclusion.propose'),
      fields: [choice('why', t('exclusion.why'), (['mistaken', 'malicious'] as const).map((value) => ({ value, label: t(`exclusion.why.${value}`) }))), reason],
      action: (v) => post(`visits/${encodeURIComponent(row.visit ?? '')}/exclusion`, { ...v, case: row.case }) }
  }
}
