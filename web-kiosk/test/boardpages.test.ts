import { describe, expect, test } from 'vitest'
import { layOut, usualBoard } from '../src/board/layout'
import { pagesOf } from '../src/board/pages'
import type { BoardWithdrawn } from '../src/assessment/types'

const layout = layOut(usualBoard, 1920, 1080)
const zh = (words: { zh: string }) => words.zh
const off = (period: string, why: string): BoardWithdrawn => ({ period, kind: 'month', revision: 1, verify: `/verify/${period}/1`, at: '2026-11-23T10:20:00+08:00', why })

describe('what was taken off the notice board', () => {
  test('is told first, and alone where nothing else is published', () => {
    expect(pagesOf([], layout, zh, [off('2026-10', '统计口径有误')]).map(({ kind, key }) => [kind, key])).toEqual([['withdrawn', 'withdrawn 0']])
  })
  test('stands whole, also with long reasons, on as many pages as that takes', () => {
    const all = Array.from({ length: 12 }, (_, n) => off(`2025-${String(n + 1).padStart(2, '0')}`, '统计口径有误，补录的签到没有计入，'.repeat(12).slice(0, 200)))
    for (const [width, height] of [[1920, 1080], [1080, 1920], [1366, 768]] as const) {
      const pages = pagesOf([], layOut(usualBoard, width, height), zh, all).filter((page) => page.kind === 'withdrawn')
      expect(pages.flatMap((page) => page.all)).toEqual(all)
      expect(pages.length).toBeGreaterThan(1)
      expect(pages.map(({ part, of }) => [part, of])).toEqual(pages.map((_, n) => [n + 1, pages.length]))
    }
  })
  test('is no page where nothing was', () => {
    expect(pagesOf([], layout, zh, [])).toEqual([])
    expect(pagesOf([], layout, zh)).toEqual([])
  })
})
