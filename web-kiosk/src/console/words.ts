import { faultWords } from '../components/faults'
import { fillIn, isKey, type useI18n } from '../i18n'
import type { Alarm, AlarmKind, Reason } from '../wire.gen'

type Translate = ReturnType<typeof useI18n>['t']

/**
 * An alarm's name and what to do. A kind that this build has no words for (a
 * newer hub) is named as it is; a kind of the contract without words does not compile.
 */
export function alarmWords(t: Translate, kind: AlarmKind): { name: string; todo: string } {
  if (!isKey(`alarm.${kind}`)) return { name: t('alarm.unknown', { kind }), todo: t('alarm.unknown.todo') }
  return { name: t(`alarm.${kind}` as 'alarm.broker_lost'), todo: t(`alarm.${kind}.todo` as 'alarm.broker_lost.todo') }
}

/** What an alarm or a faulty input says in figures and codes, in words; its own technical English where there are none. */
export function detailWords(t: Translate, alarm: Pick<Alarm, 'kind' | 'detail' | 'values'>): { text: string; technical: boolean } {
  const key = `alarm.${alarm.kind}.detail`
  const values = alarm.kind === 'device_misused' ? { ...alarm.values, what: misuseWords(t, alarm.values) } : alarm.values
  if (isKey(key)) return { text: fillIn(t(key as 'alarms.empty.text'), values), technical: false }
  return faultWords(t, alarm.detail ?? '')
}

/** What a device tried; as the hub names it where a newer hub refuses something else. */
function misuseWords(t: Translate, values: Alarm['values'] = {}): string {
  const { what = '', detail = '' } = values
  const key = `misused.${what}`
  return isKey(key) ? fillIn(t(key as 'misused.certificate_revoked'), values) : `${what} ${detail}`.trim()
}

/** Why something became a dead letter. */
export function reasonWords(t: Translate, reason: Reason): string {
  return isKey(`reason.${reason}`) ? t(`reason.${reason}`) : t('reason.unknown', { reason })
}
