import type { Scores } from '../../assessment/types'
import { points } from '../../assessment/words'

/** Which of the results are shown. */
export interface Filter { department: string; grade: string; search: string }

export type Column = 'rank' | 'name' | 'days' | 'base' | 'off' | 'bonus' | 'points'

export interface Sort { column: Column; down: boolean }

export const everything: Filter = { department: '', grade: '', search: '' }

/** The name of what was assessed, as it is called in this hall. */
export type NameOf = (result: Pick<Scores, 'to' | 'id'>) => string

/** The results that a filter leaves. `barred` as a grade are those that can win no award. */
export function filtered(results: readonly Scores[], filter: Filter, nameOf: NameOf): Scores[] {
  const search = filter.search.trim().toLowerCase()
  return results.filter((result) =>
    (filter.department === '' || (result.to === 'department' ? result.id : result.department) === filter.department)
    && (filter.grade === '' || (filter.grade === 'barred' ? Boolean(result.barred) : result.grade === filter.grade))
    && (search === '' || `${nameOf(result)} ${result.id}`.toLowerCase().includes(search)))
}

/** In the order of a column; equals stay in the order of their rank, then of their names. */
export function sorted(results: readonly Scores[], { column, down }: Sort, nameOf: NameOf): Scores[] {
  const named = (a: Scores, b: Scores) => nameOf(a).localeCompare(nameOf(b), 'zh-CN', { numeric: true })
  return [...results].sort((a, b) => {
    const by = column === 'name' ? named(a, b) : a[column] - b[column]
    return (down ? -by : by) || a.rank - b.rank || named(a, b)
  })
}

/** A column first goes the way that is asked most: the best first. */
export function turned(sort: Sort, column: Column): Sort {
  if (sort.column === column) return { column, down: !sort.down }
  return { column, down: column !== 'rank' && column !== 'name' && column !== 'off' }
}

/** Points, or a dash where there are none. */
export function pointsOr(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : points(value)
}

/** How many have each grade, in the order in which the grades are given. */
export function counted(results: readonly Scores[], grades: readonly string[]): { grade: string; n: number }[] {
  const all = [...new Set([...grades, ...results.map(({ grade }) => grade)])]
  return all.map((grade) => ({ grade, n: results.filter((result) => result.grade === grade).length })).filter(({ n, grade }) => n > 0 || grades.includes(grade))
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
