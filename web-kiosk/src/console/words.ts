import { isKey, type useI18n } from '../i18n'
import type { AlarmKind, Reason } from '../wire.gen'

type Translate = ReturnType<typeof useI18n>['t']

/**
 * An alarm's name and what to do. A kind that this build has no words for (a
 * newer hub) is named as it is; a kind of the contract without words does not compile.
 */
export function alarmWords(t: Translate, kind: AlarmKind): { name: string; todo: string } {
  if (!isKey(`alarm.${kind}`)) return { name: t('alarm.unknown', { kind }), todo: t('alarm.unknown.todo') }
  return { name: t(`alarm.${kind}`), todo: t(`alarm.${kind}.todo`) }
}

/** Why something became a dead letter. */
export function reasonWords(t: Translate, reason: Reason): string {
  return isKey(`reason.${reason}`) ? t(`reason.${reason}`) : t('reason.unknown', { reason })
}
