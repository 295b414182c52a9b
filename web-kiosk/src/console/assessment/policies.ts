import type { Change, Names, RuleWords, Words } from '../../assessment/types'

/** GET policies and what belongs to it; see hub/api/policies.go. */
export interface PolicyRow {
  /** id@version. */
  key: string
  id: string
  version: string
  name: Words
  document: string
  adopted_document?: string
  from?: string
  until?: string
  in_force: { from: string; until?: string; trial?: boolean; extension: string; cites: string[] }
  standing: 'not_yet' | 'holds' | 'extended' | 'lapsed'
  now: boolean
  shipped?: boolean
  by?: string
  at?: string
  sha256?: string
  extensions: { from: string; until?: string; document: string; reason?: string; fictional?: boolean; by: string; at: string }[]
  unruled: Article[]
}

export interface Article extends Words { id: string }

export interface PolicyList { policies: PolicyRow[]; blocked?: Words & { code: string; article?: string } }

export interface PolicyParts extends PolicyRow {
  articles: Article[]
  parameters: (Words & { name: string; unit: string; now: number })[]
  rules: (Words & { id: string; cites: string[]; to: string; when?: string; points: string; bonus?: boolean; cap?: string; bars?: string })[]
  text: string
}

/** One mistake in a policy file; line 0 is the whole file. */
export interface Fault extends Words { line: number; column: number; path: string }

export interface Checked {
  policy?: string
  version?: string
  name?: Words
  faults: Fault[]
  cases: (Words & { line: number; holds: boolean; wrong?: Words[] })[]
  unruled: Article[]
}

/** POST policies/compare: whose scores of a month another policy changes, and why. */
export interface Compared { month: string; from: string; to: string; assessed: number; changes: Change[] | null; names: Names; rules: { [id: string]: RuleWords } }

/** What is wrong at each line of a text. */
export function faultsByLine(checked: Pick<Checked, 'faults' | 'cases'> | null): ReadonlyMap<number, Words[]> {
  const found = new Map<number, Words[]>()
  const add = (line: number, words: Words) => { found.set(line, [...(found.get(line) ?? []), words]) }
  for (const fault of checked?.faults ?? []) add(fault.line, fault)
  for (const one of checked?.cases ?? []) for (const wrong of one.wrong ?? []) add(one.line, wrong)
  return found
}

/** Whether a text could be adopted. */
export function sound(checked: Checked | null): boolean {
  return checked !== null && checked.faults.length === 0 && checked.cases.every(({ holds }) => holds)
}

/** Where a line begins and ends in a text, from 1; the last line where there are fewer. */
export function placeOf(text: string, line: number): [number, number] {
  const lines = text.split('\n')
  const n = Math.min(Math.max(line, 1), lines.length) - 1
  const start = lines.slice(0, n).reduce((sum, one) => sum + one.length + 1, 0)
  return [start, start + (lines[n] ?? '').length]
}

export type Piece = { kind: 'same' | 'gone' | 'come'; text: string; line: number }

/**
 * The lines in which two texts differ, with a few beside each: what both begin and
 * end with is set aside first, the rest is matched by its longest common part.
 */
export function differences(before: string, after: string, beside = 2): Piece[][] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const [x, y] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  const pieces: Piece[] = []
  const same = (text: string, line: number) => pieces.push({ kind: 'same', text, line })
  for (let n = 0; n < head; n++) same(a[n] ?? '', n + 1)
  const width = y.length + 1
  const longest = new Uint16Array((x.length + 1) * width)
  for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) {
    longest[i * width + j] = x[i] === y[j] ? (longest[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0)
  }
  let [i, j] = [0, 0]
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) { same(x[i] ?? '', head + j + 1); i++; j++ }
    else if (j >= y.length || (i < x.length && (longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0))) pieces.push({ kind: 'gone', text: x[i] ?? '', line: head + i++ + 1 })
    else pieces.push({ kind: 'come', text: y[j] ?? '', line: head + j++ + 1 })
  }
  for (let n = tail; n > 0; n--) same(b[b.length - n] ?? '', b.length - n + 1)
  return hunks(pieces, beside)
}

function hunks(pieces: readonly Piece[], beside: number): Piece[][] {
  const near = pieces.map((_, n) => pieces.slice(Math.max(0, n - beside), n + beside + 1).some(({ kind }) => kind !== 'same'))
  const all: Piece[][] = []
  pieces.forEach((piece, n) => {
    if (!near[n]) return
    if (n === 0 || !near[n - 1]) all.push([])
    all.at(-1)?.push(piece)
  })
  return all
}
