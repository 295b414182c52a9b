import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { BoardPeriod, Words } from '../src/assessment/types'
import { change, momentOf, parameterWords, periodWords, points } from '../src/assessment/words'
import { even, layOut, pack, ROW, signs, usualBoard } from '../src/board/layout'
import { gradeCounts, historyOf, pagesOf, rowsOf, search, windowsOf } from '../src/board/pages'
import { translate } from '../src/i18n'
import { leastSize, TEXT_ARC } from '../src/lobby/sizing'
import { compute, sha256 } from '../src/verify/sha256'

const zh: Parameters<typeof periodWords>[0] = (key, ...fill) => translate('zh-CN', key, ...fill)
const en: Parameters<typeof periodWords>[0] = (key, ...fill) => translate('en', key, ...fill)
const chinese = (words: Words) => words.zh

function period(name: string, of: Partial<BoardPeriod> = {}): BoardPeriod {
  const kind = name.includes('Q') ? 'quarter' : name.length === 4 ? 'year' : 'month'
  return {
    period: name, kind, from: '', until: '', revision: 1, published_at: '', verify: `/verify/${name}/1`,
    show: { people: 'awarded', windows: 'points', departments: 'points', names: true },
    windows: [{ id: 'w2', number: '2', name: '社保', department: '人社局', points: 98, grade: 'pass', rank: 1 }, { id: 'w10', number: '10', name: '', department: '税务局', points: 70, grade: 'basic', rank: 2 }],
    people: [], departments: [{ id: 'd1', name: '税务局', points: 88, grade: 'pass', rank: 1 }], indicators: [{ id: 'good_rate', zh: '好评率', en: 'good rate', value: 0.9 }],
    grades: [{ id: 'pass', zh: '合格', en: 'pass' }, { id: 'basic', zh: '基本合格', en: 'basic' }, { id: 'fail', zh: '不合格', en: 'fail' }], ...of,
  }
}

describe('the notice board is laid out', () => {
  it.each([[1920, 1080], [1080, 1920], [1366, 768], [3840, 2160]])('so that it is read from where people stand, at %i × %i', (width, height) => {
    const layout = layOut(usualBoard, width, height)
    expect(layout.text).toBeGreaterThanOrEqual(leastSize(TEXT_ARC, usualBoard, width, height))
    expect(layout.number / layout.text).toBeCloseTo(22 / 16)
    expect(layout.rows * layout.columns).toBeGreaterThanOrEqual(20) // a hall of twenty windows stands on one page
    expect(layout.rows * ROW * layout.text).toBeLessThan(height)
    expect(layout.upright).toBe(height > width)
  })

  it('with more pages, not smaller type, where people stand farther off', () => {
    const near = layOut(usualBoard, 1920, 1080)
    const far = layOut({ distance: 10, diagonal: 55 }, 1920, 1080)
    expect(far.text).toBeCloseTo(near.text * 2)
    expect(far.rows * far.columns).toBeLessThan(near.rows)
    expect(far.rows).toBeGreaterThan(0)
  })

  it('on pages as equal as can be', () => {
    expect(even([1, 2, 3, 4, 5, 6, 7], 5)).toEqual([[1, 2, 3, 4], [5, 6, 7]])
    expect(even([], 5)).toEqual([])
    expect(even([1, 2], 0)).toEqual([[1], [2]])
  })

  it('with each sentence of a bulletin whole', () => {
    const texts = ['字'.repeat(30), '字'.repeat(30), '短', '字'.repeat(30)]
    const pages = pack(texts, (text) => text, 8, 10)
    expect(pages.flat()).toEqual(texts)
    expect(pages).toHaveLength(2)
    expect(pack(['字'.repeat(500)], (text) => text, 8, 10)).toHaveLength(1) // one that no page holds is not lost
    expect(signs('ab字')).toBeCloseTo(2.2)
  })
})

describe('the pages of the notice board', () => {
  const layout = layOut(usualBoard, 1920, 1080)
  const keys = (periods: BoardPeriod[]) => pagesOf(periods, layout, chinese).map((page) => page.key)

  it('are none before anything was published', () => expect(keys([])).toEqual([]))

  it('show the newest of each kind, in order', () => {
    const year = period('2025', { awards: [{ award: 'best', zh: '优秀窗口', en: 'best', to: 'window', assessed: 2, places: 1 }] })
    year.windows[0]!.awards = ['best']
    const list = [period('2026-10'), period('2026-Q3', { bulletin: [{ zh: '通报', en: 'bulletin' }] }), period('2026-09'), year]
    expect(keys(list)).toEqual(['2026-10 windows 0', '2026-10 departments 0', '2026-10 rates', '2026-Q3 departments 0', '2026-Q3 bulletin 0', '2025 best 0', 'verify'])
    const award = pagesOf(list, layout, chinese).find((page) => page.kind === 'award')
    expect(award?.kind === 'award' && award.rows.map((row) => row.key)).toEqual(['w2'])
  })

  it('leave out what the policy does not show', () => {
    const none = period('2026-10', { show: { people: 'none', windows: 'awarded', departments: 'none', names: false }, windows: [], departments: [], indicators: [] })
    expect(keys([none])).toEqual(['verify'])
  })

  it('turn where one does not hold all', () => {
    const many = period('2026-10', { windows: Array.from({ length: 45 }, (_, n) => ({ id: `w${n}`, number: String(n), name: '窗口', points: 100 - n, rank: n + 1 })) })
    const tables = pagesOf([many], layout, chinese).filter((page) => page.kind === 'table' && page.list === 'windows')
    expect(tables.map((page) => page.kind === 'table' && [page.part, page.of, page.rows.length])).toEqual([[1, 3, 15], [2, 3, 15], [3, 3, 15]])
  })

  it('compare a rate with the month before, not with an older one', () => {
    const before = (...names: string[]) => {
      const page = pagesOf(names.map((name) => period(name)), layout, chinese).find((one) => one.kind === 'rates')
      return page?.kind === 'rates' ? page.rates[0]?.before : undefined
    }
    expect(before('2026-10', '2026-09')).toBe(0.9)
    expect(before('2026-01', '2025-12')).toBe(0.9)
    expect(before('2026-10', '2026-08')).toBeNull()
    expect(before('2026-10')).toBeNull()
  })

  it('name a window by its department where it has no name', () => {
    expect(rowsOf(period('2026-10'), 'windows').map((row) => [row.name, row.aside])).toEqual([['社保', '人社局'], ['税务局', '']])
  })

  it('count the grades from the best to the worst', () => {
    expect(gradeCounts(period('2026-10'), 'windows').map((grade) => [grade.zh, grade.n])).toEqual([['合格', 1], ['基本合格', 1]])
  })
})

describe('a window is found', () => {
  const periods = [period('2026-10'), period('2026-09', { windows: [{ id: 'w2', number: '2', name: '旧名', department: '人社局', points: 90, rank: 1 }, { id: 'w03', number: '03', name: '户籍', department: '公安局', grade: 'pass' }] })]
  const all = windowsOf(periods)

  it('by its sign, 2 before 10, with its newest name', () => expect(all.map((w) => [w.number, w.name])).toEqual([['2', '社保'], ['03', '户籍'], ['10', '']]))

  it.each([['', 3], ['2', 1], ['02', 1], ['3', 1], ['1', 1], ['10', 1], ['社保', 1], ['局', 3], ['税', 1], ['没有', 0], [' 2 ', 1], ['0', 1]])('by “%s”', (asked, n) => {
    expect(search(all, asked)).toHaveLength(n)
  })

  it('with what it has in each period, newest first', () => {
    expect(historyOf(periods, 'w2').map(({ period: p, score, among }) => [p.period, score.points, among])).toEqual([['2026-10', 98, 2], ['2026-09', 90, 2]])
    expect(historyOf(periods, 'w9')).toEqual([])
  })
})

describe('words of the assessment', () => {
  it.each([['2026-01', '2026年1月', 'January 2026'], ['2026-12', '2026年12月', 'December 2026'], ['2026-Q4', '2026年第四季度', '4th quarter of 2026'], ['2026', '2026年', '2026'],
    ['2026-13', '2026-13', '2026-13'], ['x', 'x', 'x']])('name the period %s', (name, inChinese, inEnglish) => {
    expect([periodWords(zh, name), periodWords(en, name)]).toEqual([inChinese, inEnglish])
  })

  it('give points as many digits as they have, and changes their sign', () => {
    expect([98, 98.5, 97.333, 0.1 + 0.2].map(points)).toEqual(['98', '98.5', '97.33', '0.3'])
    expect([-2, 1, 0, -0.004, 1.5].map(change)).toEqual(['−2', '+1', '0', '0', '+1.5'])
  })

  it('read a parameter as the hub writes it, and leave others as they are', () => {
    expect(parameterWords(zh, 'late_minor_points=1 points@2020-08-01')).toBe('late_minor_points = 1 points，自 2020-08-01 起')
    expect(parameterWords(zh, 'late_minor_points=1')).toBe('late_minor_points=1')
    expect(momentOf('2026-11-23T09:05:07.123+08:00')).toBe('2026-11-23 09:05')
  })
})

describe('SHA-256', () => {
  const node = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')

  it.each([0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 1_000, 100_003])('of %i bytes is the same here, in the browser, and elsewhere', async (length) => {
    const data = Uint8Array.from({ length }, (_, n) => (n * 37 + (n >> 3)) & 0xff)
    expect(compute(data)).toBe(node(data))
    expect(await sha256(data)).toBe(node(data))
  })
})
