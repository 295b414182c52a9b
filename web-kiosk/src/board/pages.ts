import type { BoardAward, BoardIndicator, BoardPeriod, BoardScore, BoardWithdrawn, Kind, Words } from '../assessment/types'
import { even, pack, type Layout } from './layout'

/** A line of a table: a window, a department or a person. */
export interface Row extends BoardScore {
  readonly key: string
  /** The number of a window's sign. */
  readonly sign: string
  readonly name: string
  /** The department, where it is not the name itself. */
  readonly aside: string
}

export type List = 'windows' | 'departments' | 'people'
interface Of { readonly key: string; readonly period: BoardPeriod; /** Which part of several, from 1. */ readonly part: number; readonly of: number }
export interface TablePage extends Of { readonly kind: 'table'; readonly list: List; readonly rows: Row[] }
export interface AwardPage extends Of { readonly kind: 'award'; readonly award: BoardAward; readonly rows: Row[] }
export interface BulletinPage extends Of { readonly kind: 'bulletin'; readonly lines: Words[] }
export interface RatesPage extends Of { readonly kind: 'rates'; readonly rates: (BoardIndicator & { /** The value of the month before, where that is published. */ readonly before: number | null })[] }
/** What was taken off the board (撤下公示), when and why. */
export interface WithdrawnPage { readonly key: string; readonly kind: 'withdrawn'; readonly part: number; readonly of: number; readonly all: BoardWithdrawn[] }
export interface VerifyPage { readonly key: 'verify'; readonly kind: 'verify'; readonly periods: BoardPeriod[] }
export type Page = TablePage | AwardPage | BulletinPage | RatesPage | WithdrawnPage | VerifyPage

/** What a card of something withdrawn takes besides its reason: lines, and signs of each. */
const CARD_LINES = 4
const CARD_ASIDE = 6

/** The newest of each kind: periods come newest first. */
export function newest(periods: readonly BoardPeriod[], kind: Kind): BoardPeriod | undefined {
  return periods.find((period) => period.kind === kind)
}

/** The rows of a list, as they came: in the order of their places. */
export function rowsOf(period: BoardPeriod, list: List): Row[] {
  if (list === 'people') {
    return period.people.map((person, n) => ({ ...person, key: String(n), sign: person.number ?? '', name: person.name, aside: person.department ?? '' }))
  }
  return period[list].map((row) => ({ ...row, key: row.id, sign: row.number ?? '', name: row.name || (row.department ?? ''), aside: row.name ? (row.department ?? '') : '' }))
}

/** All pages of what was published, in the order in which they turn; the words of a bulletin are measured in the page's language. */
export function pagesOf(periods: readonly BoardPeriod[], layout: Layout, words: (w: Words) => string, withdrawn: readonly BoardWithdrawn[] = []): Page[] {
  const month = newest(periods, 'month')
  const quarter = newest(periods, 'quarter')
  const year = newest(periods, 'year')
  const pages: Page[] = []
  // Whoever has seen the results is told first that they are off.
  const off = pack(withdrawn, ({ why }) => why, layout.lines, layout.signs - CARD_ASIDE, CARD_LINES)
  pages.push(...off.map((all, n) => ({ kind: 'withdrawn' as const, key: `withdrawn ${n}`, part: n + 1, of: off.length, all })))
  if (month) {
    pages.push(...tables(month, 'windows', layout), ...tables(month, 'departments', layout), ...tables(month, 'people', layout))
    const before = periods.filter((period) => period.kind === 'month')[1]
    if (month.indicators.length > 0) {
      const rates = month.indicators.map((rate) => ({ ...rate, before: (before && follows(before.period, month.period) ? before.indicators.find(({ id }) => id === rate.id)?.value : null) ?? null }))
      pages.push({ kind: 'rates', key: `${month.period} rates`, period: month, part: 1, of: 1, rates })
    }
  }
  if (quarter) {
    pages.push(...tables(quarter, 'departments', layout))
    const all = pack(quarter.bulletin ?? [], words, layout.lines, layout.signs)
    pages.push(...all.map((lines, n) => ({ kind: 'bulletin' as const, key: `${quarter.period} bulletin ${n}`, period: quarter, part: n + 1, of: all.length, lines })))
  }
  if (year) for (const award of year.awards ?? []) pages.push(...winners(year, award, layout))
  if (periods.length > 0) pages.push({ kind: 'verify', key: 'verify', periods: [year, quarter, month].filter((period) => period !== undefined).reverse() })
  return pages
}

function tables(period: BoardPeriod, list: List, layout: Layout): TablePage[] {
  const show = period.show[list]
  if (show !== 'points' && show !== 'grade') return [] // who has an award is said on its own page
  const all = even(rowsOf(period, list), layout.rows * layout.columns)
  return all.map((rows, n) => ({ kind: 'table', key: `${period.period} ${list} ${n}`, period, list, rows, part: n + 1, of: all.length }))
}

function winners(period: BoardPeriod, award: BoardAward, layout: Layout): AwardPage[] {
  const list: List = award.to === 'person' ? 'people' : award.to === 'window' ? 'windows' : 'departments'
  const all = even(rowsOf(period, list).filter((row) => row.awards?.includes(award.award)), layout.rows * layout.columns)
  return all.map((rows, n) => ({ kind: 'award', key: `${period.period} ${award.award} ${n}`, period, award, rows, part: n + 1, of: all.length }))
}

/** Whether a month is the one after another. */
function follows(before: string, month: string): boolean {
  const index = (period: string) => Number(period.slice(0, 4)) * 12 + Number(period.slice(5))
  return index(month) - index(before) === 1
}

/** How many have each grade, from the best to the worst; grades that nobody has are left out. */
export function gradeCounts(period: BoardPeriod, list: List): (Words & { id: string; n: number })[] {
  return period.grades.map((grade) => ({ ...grade, n: period[list].filter((row) => row.grade === grade.id).length })).filter((grade) => grade.n > 0)
}

/** A window as it can be looked up. */
export interface Found { readonly id: string; readonly number: string; readonly name: string; readonly department: string }

/** Every window that some period shows, by its sign; the newest name counts. */
export function windowsOf(periods: readonly BoardPeriod[]): Found[] {
  const all = new Map<string, Found>()
  for (const period of periods) {
    for (const { id, number = '', name, department = '' } of period.windows) if (!all.has(id)) all.set(id, { id, number, name, department })
  }
  return [...all.values()].sort((a, b) => a.number.localeCompare(b.number, 'zh-CN', { numeric: true }))
}

/** Windows whose number begins so, or whose name or department has it in it; all where nothing is asked. */
export function search(windows: readonly Found[], asked: string): Found[] {
  const want = asked.trim().toLowerCase()
  if (want === '') return [...windows]
  const bare = (text: string) => text.toLowerCase().replace(/^0+(?=.)/, '')
  return windows.filter((w) => w.number.toLowerCase().startsWith(want) || bare(w.number).startsWith(bare(want)) || w.name.toLowerCase().includes(want) || w.department.toLowerCase().includes(want))
}

/** What a window has in each period that shows it, newest first. */
export function historyOf(periods: readonly BoardPeriod[], id: string): { period: BoardPeriod; score: BoardScore; among: number }[] {
  return periods.flatMap((period) => {
    const score = period.windows.find((row) => row.id === id)
    return score ? [{ period, score, among: period.windows.length }] : []
  })
}
