import { describe, expect, test } from 'vitest'
import { layBoard, paged, serving, shownCalls } from '../src/lobby/board'
import { leastSize, NUMBER_ARC, TEXT_ARC } from '../src/lobby/sizing'
import type { LiveCall, LiveService, LiveWindow } from '../src/wire.gen'

const call = (id: string, number: string, window = 'w1'): LiveCall => ({ id, number, window, service: 'a', at: '2026-11-23T09:00:00Z' })
const windows = { w1: { id: 'w1', number: '01', direction: 'left' } as LiveWindow, w2: { id: 'w2', number: '02' } as LiveWindow }

describe('the board', () => {
  test('shows the newest call first and a ticket once', () => {
    const calls = { 1: call('1', 'A1'), 2: call('2', 'B1', 'w2'), 3: call('3', 'A1') }
    expect(shownCalls({ calls, windows }, null).map((c) => [c.number, c.sign, c.direction])).toEqual([['A1', '01', 'left'], ['B1', '02', '']])
  })
  test('shows what sounds before all others', () => {
    const calls = { 1: call('1', 'A1'), 2: call('2', 'B1', 'w2') }
    expect(shownCalls({ calls, windows }, '1').map((c) => c.number)).toEqual(['A1', 'B1'])
  })
  test('shows a call of a window that is gone', () => {
    expect(shownCalls({ calls: { 1: call('1', 'A1', 'w9') }, windows }, null)[0]?.sign).toBe('w9')
  })
  test('lists the windows that serve something', () => {
    expect(serving({ services: { a: { windows: ['w2'] } as LiveService }, windows }).map((w) => w.id)).toEqual(['w2'])
  })
  test.each([[10, 55], [3, 65], [15, 75], [30, 55]])('is readable from %d m on %d inches', (distance, diagonal) => {
    const hall = { distance, diagonal }
    const board = layBoard(hall, 1920, 1080)
    expect(board.text).toBeGreaterThanOrEqual(leastSize(TEXT_ARC, hall, 1920, 1080))
    expect(board.number).toBeGreaterThanOrEqual(leastSize(NUMBER_ARC, hall, 1920, 1080) - 0.1)
    expect(board.services).toBeGreaterThanOrEqual(1)
  })
  test('turns pages', () => {
    expect(paged([1, 2, 3], 2)).toEqual([[1, 2], [3]])
    expect(paged([], 2)).toEqual([])
  })
})
