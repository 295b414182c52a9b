import type { LiveCall, LiveNotice, LiveWindow } from '../wire.gen'

/** What is said in which language: names of clips, in order. */
export interface Saying {
  readonly zh: readonly string[]
  readonly en: readonly string[]
}

export const phrases = ['closing_soon', 'closed', 'keep_belongings', 'emergency_leave', 'system_down'] as const
export const directions = ['left', 'right', 'ahead', 'behind', 'up', 'down'] as const

/** A call: the ticket, the window, and the way to it where the hall has said it. */
export function callSaying(call: Pick<LiveCall, 'number'>, window: Pick<LiveWindow, 'number' | 'direction'>): Saying {
  const way = (directions as readonly string[]).includes(window.direction ?? '') ? [window.direction] : []
  return {
    zh: ['zh-please', ...spell(call.number, 'zh'), 'zh-number', 'zh-to', ...counted(window.number), 'zh-window', ...way.map((d) => `zh-${d}`)],
    en: ['en-ticket', ...spell(call.number, 'en'), 'en-window', ...spell(sign(window.number), 'en'), ...way.map((d) => `en-${d}`)],
  }
}

/** A notice: its phrase; a text cannot be spoken and has only the chime. */
export function noticeSaying(notice: Pick<LiveNotice, 'phrase'>): Saying {
  if (!(phrases as readonly string[]).includes(notice.phrase ?? '')) return { zh: [], en: [] }
  return { zh: [`zh-${notice.phrase}`], en: [`en-${notice.phrase}`] }
}

/** Letters and digits one by one; whatever else is on a sign is not spoken. */
function spell(text: string, language: 'zh' | 'en'): string[] {
  return [...text.toUpperCase()].flatMap((c) => (/[0-9]/.test(c) ? [`${language}-${c}`] : /[A-Z]/.test(c) ? [`letter-${c}`] : []))
}

/** A window's number as it is said: 03 is three. */
function sign(number: string): string {
  return number.replace(/^0+(?=\d)/, '')
}

/** Two digits are counted in Mandarin, twelve is ten-two; all else is spelt. */
function counted(number: string): string[] {
  const said = sign(number)
  const [, tens, ones] = /^([1-9])([0-9])$/.exec(said) ?? []
  if (!tens || !ones) return spell(said, 'zh')
  return [...(tens === '1' ? [] : [`zh-${tens}`]), 'zh-ten', ...(ones === '0' ? [] : [`zh-${ones}`])]
}

/** How often each is said, and whether in English too, with so many waiting behind it. */
export function pace(waiting: number): { times: 1 | 2; english: boolean } {
  if (waiting > 6) return { times: 1, english: false }
  return { times: waiting > 2 ? 1 : 2, english: true }
}

/** The whole announcement: the chime, then Mandarin and English, and all of it again. */
export function playlist(saying: Saying, { times, english }: ReturnType<typeof pace>): string[] {
  const once = [...saying.zh, ...(english ? saying.en : [])]
  return ['chime', ...once, ...(times === 2 ? once : [])]
}

/** Reads ?volume=: 80 for all day, or 08:00-80,18:00-40 by the hour; per cent. What is no such thing is 100. */
export function volumeAt(setting: string | null, clock: string): number {
  let volume: number | undefined
  let last: number | undefined
  for (const part of (setting ?? '').split(',')) {
    const [, from, level] = /^(?:(\d\d:\d\d)-)?(\d{1,3})$/.exec(part.trim()) ?? []
    if (level === undefined || Number(level) > 100) continue
    last = Number(level)
    if (from === undefined || from <= clock) volume = Number(level)
  }
  // Before the first hour of the day the last of the day before holds.
  return (volume ?? last ?? 100) / 100
}
