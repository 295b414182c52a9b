import { expect, test } from 'vitest'
import { filled, minuteOf, next, rowAfter } from '../src/console/views/paper'

test('a time is read as people type it', () => {
  expect(['910', '9:10', '9：10', ' 09.10 ', '0910', '9'].map(minuteOf)).toEqual(['09:10', '09:10', '09:10', '09:10', '09:10', '9'])
})

test('the next row goes on with the pad', () => {
  expect(['17', 'A009', 'x', ''].map(next)).toEqual(['18', 'A010', '', ''])
  const row = { ...rowAfter(), service: 'marriage', window: 'w1', paper: '17', taken: '09:00', class: 'elderly' }
  expect(rowAfter(row)).toMatchObject({ service: 'marriage', window: 'w1', paper: '18', taken: '', class: 'ordinary' })
})

test('an empty row is not sent', () => {
  expect(filled([rowAfter(), { ...rowAfter(), taken: '09:00' }])).toHaveLength(1)
})
