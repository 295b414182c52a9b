// Working periods as people write them.
import { expect, test } from 'vitest'
import { periodsText, readPeriods, weekdayNames } from '../src/console/shift'

const day = [{ in: '08:30', out: '12:00' }, { in: '14:30', out: '18:00' }]

test.each([
  '08:30-12:00 14:30-18:00',
  '08:30–12:00, 14:30–18:00',
  '  08:30~12:00\uff0c14:30~18:00 ',
  '08:30\u81f312:00\u300114:30\u81f318:00',
])('reads %s', (text) => {
  expect(readPeriods(text)).toEqual(day)
})

test('writes what it reads', () => {
  expect(readPeriods(periodsText(day))).toEqual(day)
  expect(readPeriods('')).toEqual([])
})

test('leaves what is no period to the hub, which says what is wrong', () => {
  expect(readPeriods('08:30')).toEqual([{ in: '08:30', out: '' }])
  expect(readPeriods('noon-late')).toEqual([{ in: 'noon', out: 'late' }])
})

test('a week begins on Monday', () => {
  expect(weekdayNames('en')).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])
})
