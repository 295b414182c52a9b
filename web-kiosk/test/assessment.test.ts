import { describe, expect, it } from 'vitest'
import { addressOf, partsOf } from '../src/console/assessment/address'
import { inOrder, wanted, type AppealRow } from '../src/console/assessment/appeals'
import { able, compared, simulate } from '../src/console/assessment/awards'
import { deliveriesOf, type CopyRow } from '../src/console/assessment/copies'
import { dropDraft, keepDraft, keptDraft } from '../src/console/assessment/draft'
import { papersOf } from '../src/console/assessment/duties/withdrawal'
import { beside, kindOf, monthsUntil, pathOf, wholeOf } from '../src/console/assessment/periods'
import { differences, faultsByLine, placeOf, sound } from '../src/console/assessment/policies'
import { counted, everything, filtered, mean, pointsOr, sorted, turned } from '../src/console/assessment/results'
import { nextAct, open, others, stagesOf } from '../src/console/assessment/steps'
import { lineOf, measured, subjectsOf } from '../src/console/assessment/trends'
import type { Candidate, PeriodAnswer, Scores } from '../src/assessment/types'

describe('an address within a section', () => {
  it.each([
    ['#/periods', []], ['#/periods/2026-11', ['2026-11']], ['#/periods/2026-11/person:s01', ['2026-11', 'person:s01']],
    ['#/periods/2026-11/person:s%2F1?x=1', ['2026-11', 'person:s/1']], ['#/alarms', null], ['#/periods/%zz', ['%zz']],
  ] as const)('%s has %j', (hash, parts) => {
    expect(partsOf(hash, 'periods')).toEqual(parts)
  })

  it('is made so that it is read the same', () => {
    expect(addressOf('policies', 'a-2020@1.0.0', 'new')).toBe('#/policies/a-2020@1.0.0/new')
    expect(partsOf(addressOf('periods', '2026', 'person:a/b c'), 'periods')).toEqual(['2026', 'person:a/b c'])
  })
})

describe('periods', () => {
  it.each([['2026-11', 'month', 'months/2026-11'], ['2026-Q4', 'quarter', 'quarters/2026-Q4'], ['2026', 'year', 'years/2026'], ['2026-13', null, 'months/2026-13'], ['x', null, 'months/x']] as const)('%s is a %s', (period, kind, path) => {
    expect(kindOf(period)).toBe(kind)
    expect(pathOf(period)).toBe(path)
  })

  it.each([['2026-01', -1, '2025-12'], ['2026-12', 1, '2027-01'], ['2026-03', -15, '2024-12'], ['2026-Q1', -1, '2025-Q4'], ['2026-Q4', 1, '2027-Q1'], ['2026', -1, '2025']] as const)('%s moved by %i is %s', (period, steps, want) => {
    expect(beside(period, steps)).toBe(want)
  })

  it('are parts of longer ones, and follow each other', () => {
    expect([wholeOf('2026-10'), wholeOf('2026-Q4'), wholeOf('2026')]).toEqual(['2026-Q4', '2026', null])
    expect(monthsUntil('2026-02', 3)).toEqual(['2025-12', '2026-01', '2026-02'])
  })
})

describe('the steps of a period', () => {
  const at = (state: PeriodAnswer['state'], kind: PeriodAnswer['kind'] = 'month', next: PeriodAnswer['next'] = [], pending?: PeriodAnswer['pending']) => ({ state, kind, next, ...(pending ? { pending } : {}) })
  it('take appeals in months alone', () => {
    const taken = (state: PeriodAnswer['state'], kind: PeriodAnswer['kind'], next: PeriodAnswer['next'] = [], ...steps: string[]) => stagesOf({ kind, state, next, steps: steps.map((step) => ({ step, at: '', by: '', event: 1, digest: '' })) }).length
    expect([taken('over', 'month'), taken('over', 'quarter'), taken('published', 'month', [], 'computed', 'reviewed', 'appeals', 'published')]).toEqual([4, 3, 4])
    expect([taken('published', 'month', [], 'computed', 'reviewed', 'published'), taken('reviewed', 'month', ['publish', 'compute'], 'computed', 'reviewed')]).toEqual([3, 3]) // a hall without time for appeals
    expect(nextAct(at('reviewed'))).toBe('open-appeals')
    expect(nextAct(at('reviewed', 'quarter'))).toBe('publish')
  })

  it('are those that the hub names', () => {
    expect(nextAct(at('reviewed', 'month', ['publish', 'compute']))).toBe('publish') // a hall without appeals
    expect(others(at('reviewed', 'month', ['open-appeals', 'compute']))).toEqual(['compute'])
    expect(open(at('computed', 'month', []), 'review')).toBe(false)
  })

  it('end with publication, until something is corrected', () => {
    expect(nextAct(at('published'))).toBe(null)
    expect(nextAct(at('published', 'month', ['revise'], [{ to: 'person', id: 's1', from: 1, until: 2 }]))).toBe('revise')
    expect(others(at('published', 'month', ['revise'], [{ to: 'person', id: 's1', from: 1, until: 2 }]))).toEqual([])
  })
})

const result = (id: string, points: number, more: Partial<Scores> = {}): Scores => ({ to: 'person', id, department: 'd1', days: 20, base: 100, off: 100 - points, bonus: 0, points, grade: points >= 90 ? 'pass' : 'fail', rank: 1, ...more })

describe('results', () => {
  const all = [result('s1', 98, { rank: 2 }), result('s2', 100, { department: 'd2' }), result('s10', 85, { rank: 3, barred: 'year' })]
  const nameOf = ({ id }: { id: string }) => `Name ${id}`

  it('are filtered by department, grade and name', () => {
    const ids = (filter: Partial<typeof everything>) => filtered(all, { ...everything, ...filter }, nameOf).map(({ id }) => id)
    expect(ids({})).toEqual(['s1', 's2', 's10'])
    expect(ids({ department: 'd1' })).toEqual(['s1', 's10'])
    expect(ids({ grade: 'fail' })).toEqual(['s10'])
    expect(ids({ grade: 'barred' })).toEqual(['s10'])
    expect(ids({ search: ' name S1 ' })).toEqual(['s1', 's10'])
    expect(ids({ search: 'nobody' })).toEqual([])
  })

  it('are sorted by a column, and the other way when it is asked for again', () => {
    const ids = (column: 'rank' | 'name' | 'points', down: boolean) => sorted(all, { column, down }, nameOf).map(({ id }) => id)
    expect(ids('rank', false)).toEqual(['s2', 's1', 's10'])
    expect(ids('name', false)).toEqual(['s1', 's2', 's10']) // by number, not by letters
    expect(ids('points', true)).toEqual(['s2', 's1', 's10'])
    expect(turned({ column: 'rank', down: false }, 'points')).toEqual({ column: 'points', down: true })
    expect(turned({ column: 'points', down: true }, 'points')).toEqual({ column: 'points', down: false })
  })

  it('are counted by grade', () => {
    expect(counted(all, ['pass', 'basic', 'fail'])).toEqual([{ grade: 'pass', n: 2 }, { grade: 'basic', n: 0 }, { grade: 'fail', n: 1 }])
    expect(mean([])).toBe(null)
    expect(mean([1, 2])).toBe(1.5)
    expect([pointsOr(null), pointsOr(97.333), pointsOr(0)]).toEqual(['–', '97.33', '0'])
  })
})

describe('awards', () => {
  const one = (id: string, won: boolean, why?: Candidate['why']): Candidate => ({ id, points: 99, won, ties: [id.charCodeAt(0)], ...(why ? { why } : {}) })
  const candidates = [one('a', true), one('b', false, 'barred'), one('c', true), one('d', false, 'places'), one('e', false, 'grade')]

  it('go to those who are next when there are more places, never to who is barred', () => {
    expect(simulate({ candidates }, 3).filter(({ wins }) => wins).map(({ id }) => id)).toEqual(['a', 'c', 'd'])
    expect(simulate({ candidates }, 99).filter(({ wins }) => wins).map(({ id }) => id)).toEqual(['a', 'c', 'd'])
    expect(simulate({ candidates }, 1).map(({ moved }) => moved)).toEqual(['', '', 'loses', '', ''])
    expect(simulate({ candidates }, 2).every(({ moved }) => moved === '')).toBe(true)
    expect(able({ candidates })).toBe(3)
  })

  it('go to none of those who are equal in everything and for whom there are not places enough', () => {
    const equals = [one('a', true), { ...one('b', false, 'tied'), ties: [1] }, { ...one('c', false, 'tied'), ties: [1] }]
    expect(simulate({ candidates: equals }, 2).map(({ wins, why }) => [wins, why])).toEqual([[true, ''], [false, 'tied'], [false, 'tied']])
    expect(simulate({ candidates: equals }, 3).every(({ wins }) => wins)).toBe(true)
    expect(simulate({ candidates: equals }, 1).map(({ why }) => why)).toEqual(['', 'places', 'places'])
  })

  it('differ between policies by who has them', () => {
    expect(compared(candidates, [one('a', false, 'places'), one('c', true), one('e', true)])).toEqual({ gone: ['a'], come: ['e'] })
  })
})

describe('trends', () => {
  const answer = (people: Scores[], name: string) => ({ state: 'published', outcome: { people, windows: [], departments: [] }, names: { person: { s1: name }, window: {}, department: {} }, indicators: {} }) as unknown as PeriodAnswer
  const answers = new Map([['2026-10', answer([result('s1', 98, { indicators: { good_rate: 0.9666 } })], 'before')], ['2026-11', answer([result('s1', 100), result('s2', 90)], 'after')]])

  it('have no value where there was none, never 0', () => {
    expect(lineOf(answers, ['2026-09', '2026-10', '2026-11'], 'person', 's1', 'points')).toEqual([null, 98, 100])
    expect(lineOf(answers, ['2026-10', '2026-11'], 'person', 's2', 'points')).toEqual([null, 90])
    expect(lineOf(answers, ['2026-10', '2026-11'], 'person', 's1', 'rate:good_rate')).toEqual([96.7, null])
    expect(measured(result('s1', 97), 'off')).toBe(3)
  })

  it('name everybody as they were called last', () => {
    expect(subjectsOf(answers, ['2026-10', '2026-11'], 'person')).toEqual([{ id: 's1', name: 'after' }, { id: 's2', name: 's2' }])
  })
})

describe('appeals', () => {
  const row = (id: string, state: AppealRow['state'], at: string): AppealRow => ({ id, state, at, period: '2026-10', finding: '', rule: '', to: 'person', subject: 's1', by: 'x' })
  it('that wait come first, the oldest before others; decided ones the other way round', () => {
    expect(inOrder([row('d1', 'granted', '2026-11-01'), row('w2', 'waiting', '2026-11-03'), row('d2', 'refused', '2026-11-02'), row('w1', 'waiting', '2026-11-02')]).map(({ id }) => id)).toEqual(['w1', 'w2', 'd2', 'd1'])
    expect([wanted('waiting', 'waiting'), wanted('granted', 'waiting'), wanted('granted', 'decided'), wanted(undefined, 'decided')]).toEqual([true, false, true, false])
  })
})

describe('the text of a policy', () => {
  const checked = { faults: [{ line: 3, column: 1, path: 'rules[0]', zh: '甲', en: 'a' }], cases: [{ line: 9, zh: '乙', en: 'b', holds: false, wrong: [{ zh: '丙', en: 'c' }] }, { line: 12, zh: '丁', en: 'd', holds: true }], unruled: [] }
  it('is marked where a fault is and where a case fails', () => {
    expect([...faultsByLine(checked).keys()]).toEqual([3, 9])
    expect(faultsByLine(null).size).toBe(0)
    expect([sound(null), sound(checked), sound({ ...checked, faults: [], cases: [] })]).toEqual([false, false, true])
  })

  it('has lines at known places', () => {
    expect(placeOf('ab\ncd\n', 2)).toEqual([3, 5])
    expect(placeOf('ab\ncd', 99)).toEqual([3, 5])
    expect(placeOf('', 1)).toEqual([0, 0])
  })

  it('is compared line by line', () => {
    const kinds = (before: string, after: string) => differences(before, after, 1).map((hunk) => hunk.map(({ kind, text, line }) => `${kind[0] ?? ''}${line}${text}`))
    expect(kinds('a\nb\nc\nd\ne', 'a\nb\nX\nd\ne')).toEqual([['s2b', 'g3c', 'c3X', 's4d']])
    expect(kinds('a\nb\nc\nd\ne\nf\ng', 'A\nb\nc\nd\ne\nf\nG\nh')).toEqual([['g1a', 'c1A', 's2b'], ['s6f', 'g7g', 'c7G', 'c8h']])
    expect(kinds('same', 'same')).toEqual([])
    expect(kinds('', 'a')).toEqual([['g1', 'c1a']])
  })

  it('outlives a reload where storage is there, and only then', () => {
    const kept = new Map<string, string>()
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) } as unknown as Storage
    keepDraft('p@1', 'text', storage)
    expect([keptDraft('p@1', storage), keptDraft('p@2', storage)]).toEqual(['text', null])
    dropDraft('p@1', storage)
    expect(keptDraft('p@1', storage)).toBe(null)
    const refused = { getItem: () => { throw new Error('refused') }, setItem: () => { throw new Error('full') }, removeItem: () => { throw new Error('refused') } } as unknown as Storage
    keepDraft('p', 'text', refused)
    dropDraft('p', refused)
    expect([keptDraft('p', refused), keptDraft('p', null)]).toEqual([null, null])
  })
})

describe('a withdrawal', () => {
  const step = (kind: string) => ({ kind: `withdrawal.${kind}`, position: 1, day: '2026-11-01' })
  it.each([
    ['asked', ['asked'], ['done', 'next', 'ahead']],
    ['examined', ['asked', 'examined'], ['done', 'done', 'next']],
    ['approved', ['asked', 'examined', 'approved'], ['done', 'done', 'done']],
    ['refused', ['asked', 'examined', 'refused'], ['done', 'done', 'refused']],
    ['refused', ['asked', 'refused'], ['done', 'ahead', 'refused']],
  ] as const)('that is %s after %j has its documents at %j', (state, kinds, want) => {
    expect(papersOf({ state, steps: kinds.map(step) }).map((paper) => paper.state)).toEqual(want)
  })
})

describe('copies', () => {
  const copy = (department: string, state: CopyRow['state'], revision = 2): CopyRow => ({ id: department, period: '2026-10', revision, department, formats: [], state, queued_at: '', by: '', attempts: 1, tries: [] })
  const place = (id: string, mail = true) => ({ id, name: id, mail })
  it('that failed come first, and only those of the newest revision count', () => {
    const all = deliveriesOf({ mails: true, revision: 2, departments: ['sent', 'failed', 'old', 'waiting'].map((id) => place(id)).concat(place('none', false)), copies: [copy('sent', 'sent'), copy('failed', 'given_up'), copy('old', 'sent', 1), copy('waiting', 'waiting')], downloads: [] })
    expect(all.map(({ id, copy: one }) => `${id} ${one?.state ?? '-'}`)).toEqual(['failed given_up', 'waiting waiting', 'none -', 'old -', 'sent sent'])
    expect(all.find(({ id }) => id === 'old')?.older).toBe(1)
  })
})
