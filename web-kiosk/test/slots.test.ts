import { describe, expect, test } from 'vitest'
import { readSlots, slotsText } from '../src/console/slots'

describe('booking times as text', () => {
  test.each([
    ['09:00-10:00 4', [{ from: '09:00', until: '10:00', capacity: 4 }]],
    ['9:00 至 10:00  12\n\n14:30-15:00 3 1,3', [{ from: '09:00', until: '10:00', capacity: 12 }, { from: '14:30', until: '15:00', capacity: 3, weekdays: [1, 3] }]],
    ['０９：００－１０：００ ４ １－５', [{ from: '09:00', until: '10:00', capacity: 4, weekdays: [1, 2, 3, 4, 5] }]],
    ['', []],
  ])('%j', (text, slots) => {
    expect(readSlots(text)).toEqual({ slots })
    expect(readSlots(slotsText(slots))).toEqual({ slots })
  })
  test.each([['09:00 4', 1], ['09:00-10:00 4\nten o’clock', 2], ['09:00-10:00 4 8', 1]])('%j is refused at its line', (text, line) => {
    expect(readSlots(text)).toEqual({ line })
  })
})
