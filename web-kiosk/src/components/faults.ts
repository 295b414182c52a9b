import { isKey, type useI18n } from '../i18n'

/** What is wrong with an input or a printer; its own technical English where there are no words. */
export function faultWords(t: ReturnType<typeof useI18n>['t'], fault: string): { text: string; technical: boolean } {
  const key = `fault.${fault}`
  return isKey(key) ? { text: t(key as 'fault.stuck'), technical: false } : { text: fault, technical: true }
}
