import type { BookingSlot } from '../wire.gen'

/** Booking times as a person writes them, one a line: "09:00-10:00 4", or "09:00-10:00 4 1-5" and "… 1,3" with weekdays. */
export function slotsText(slots: readonly BookingSlot[]): string {
  return slots.map(({ from, until, capacity, weekdays }) => `${from}-${until} ${capacity}${weekdays?.length ? ` ${weekdays.join(',')}` : ''}`).join('\n')
}

/** Reads them; the number of the first line that is not so, from 1, where there is one. */
export function readSlots(text: string): { slots: BookingSlot[] } | { line: number } {
  const slots: BookingSlot[] = []
  for (const [n, line] of text.split('\n').entries()) {
    const row = line.normalize('NFKC').trim()
    if (row === '') continue
    const found = /^(\d{1,2}:\d{2})\s*[-–—~\u81f3]\s*(\d{1,2}:\d{2})\s+(\d{1,3})(?:\s+([1-7](?:\s*[-,\u3001]\s*[1-7])*))?$/.exec(row)
    if (!found) return { line: n + 1 }
    const [, from, until, capacity, days] = found
    const slot: BookingSlot = { from: from!.padStart(5, '0'), until: until!.padStart(5, '0'), capacity: Number(capacity) }
    if (days) slot.weekdays = weekdaysOf(days)
    slots.push(slot)
  }
  return { slots }
}

function weekdaysOf(text: string): number[] {
  const range = /^([1-7])\s*-\s*([1-7])$/.exec(text)
  if (!range) return [...new Set(text.match(/[1-7]/g)!.map(Number))].sort()
  const [from, until] = [Number(range[1]), Number(range[2])]
  return Array.from({ length: Math.max(0, until - from + 1) }, (_, n) => from + n)
}
