/** The panel's keys: one letter each, without Shift, Ctrl or Alt. */
export const keys = { next: ' ', recall: 'r', missed: 'm', hold: 'h', transfer: 't', pause: 'p', finish: 'f', direct: 'd' } as const
export type Act = keyof typeof keys

/** The act of a key press, or null: while somebody types, keys are letters. */
export function actOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey' | 'repeat'>, typing: boolean): Act | null {
  if (typing || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return null
  const pressed = event.key.toLowerCase()
  return (Object.keys(keys) as Act[]).find((act) => keys[act] === pressed) ?? null
}

/** 95 s as 1:35, 3700 s as 1:01:40. */
export function clockText(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1_000))
  const [h, m, s] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}
