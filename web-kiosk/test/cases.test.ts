import { describe, expect, it } from 'vitest'
import { actsOf } from '../src/console/rating/caseForms'
import { translate, type Key } from '../src/i18n'
import { satisfactionOf } from '../src/lobby/satisfaction'
import type { CaseStory } from '../src/rating/cases'
import { caseMarks, leftWords, nextWords, stepWords } from '../src/rating/words'

const t = ((key: Key, fill?: object) => (translate as (...all: unknown[]) => string)('zh-CN', key, fill)) as Parameters<typeof leftWords>[0]
const one = (of: Partial<CaseStory> = {}): CaseStory => ({
  case: 'c1', number: 'P2026-000001', source: 'tablet', visit: 'v1', level: 1, department: 'civil', staff: 's1', day: '2026-11-23', state: 'open', rounds: 1,
  answer_due: '2026-11-24', rectify_due: '2026-11-30', appeal_until: '2026-11-26', left: 1, steps: [], extensions: [], ...of,
})
const supervisor = { account: 'chief', permissions: ['decide', 'recommend', 'self', 'read_hall'] }
const liaison = { account: 'lia', department: 'civil', permissions: ['recommend', 'self', 'read_hall'] }
const auditor = { account: 'aud', permissions: ['read_hall', 'read_all'] }

describe('a case', () => {
  it.each([
    [{}, ''], [{ answer_late: true, left: -1 }, 'answer_late'], [{ soon: true }, 'soon'], [{ soon: true, state: 'closed' }, ''],
    [{ rectify_late: true, appeal: 'waiting', exclusion: 'waiting', extension: 'waiting' }, 'rectify_late appeal exclusion extension'], [{ appeal: 'granted' }, ''],
  ] as [Partial<CaseStory>, string][])('%j is marked %j', (of, want) => {
    expect(caseMarks(one(of)).join(' ')).toBe(want)
  })

  it.each([
    [{ left: 3 }, '还有 3 个工作日'], [{ left: 0 }, '今天到期'], [{ left: -2 }, '已超 2 个工作日'], [{ left: null }, ''], [{ left: -2, state: 'closed' }, ''],
  ] as [Partial<CaseStory>, string][])('%j: %s', (of, want) => {
    expect(leftWords(t, one(of))).toBe(want)
  })

  it.each([
    [{}, '2026-11-24 前答复'], [{ state: 'answered' }, '2026-11-30 前整改'], [{ state: 'rectified' }, '可以办结'], [{ state: 'rectified', contact: true }, '回访群众'],
    [{ state: 'rectified', contact: true, revisit: 'satisfied' }, '可以办结'], [{ state: 'closed', result: 'excluded' }, '评价已剔除'],
  ] as [Partial<CaseStory>, string][])('%j goes on with: %s', (of, want) => {
    expect(nextWords(t, one(of))).toBe(want)
  })

  it('says in words what its steps say in codes, and no ids', () => {
    const say = (kind: string, say: string) => stepWords(t, { kind, say, position: 1, day: '2026-11-23' })
    expect([say('case.opened', 'hotline'), say('case.revisited', 'unreached'), say('case.graded', 'true'), say('extension.asked', '5'), say('appeal.decided', 'refused'), say('exclusion.proposed', 'malicious')])
      .toEqual(['热线', '没有打通', '疑难', '5 个工作日', '不同意', '恶意'])
    expect([say('appeal.made', 's1'), say('case.assigned', 'civil')]).toEqual(['', ''])
    expect(say('case.opened', 'of_tomorrow')).toBe('of_tomorrow')
  })

  it.each([
    ['an open one, by a supervisor', {}, supervisor, ['answer', 'close', 'assign', 'grade', 'extension', 'exclude']],
    ['an open one, by its department', {}, liaison, ['answer', 'assign', 'extension']],
    ['an open one, by another department', { department: 'tax' }, liaison, []],
    ['an open one, by an auditor', {}, auditor, []],
    ['one with a number that is rectified', { state: 'rectified', contact: true }, supervisor, ['revisit', 'close', 'assign', 'exclude']],
    ['one whose appeal waits', { appeal: 'waiting' }, supervisor, ['appeal', 'answer', 'close', 'assign', 'grade', 'extension', 'exclude']],
    ['one whose appeal was granted', { appeal: 'granted' }, supervisor, ['exclude', 'answer', 'close', 'assign', 'grade', 'extension']],
    ['one whose exclusion somebody else proposed', { exclusion: 'waiting', exclusion_made: { by: 'other' } }, supervisor, ['verdict', 'answer', 'close', 'assign', 'grade', 'extension']],
    ['one whose exclusion the same person proposed', { exclusion: 'waiting', exclusion_made: { by: 'chief' } }, supervisor, ['answer', 'close', 'assign', 'grade', 'extension']],
    ['a complaint, which has no rating', { visit: undefined, source: 'hotline' }, supervisor, ['answer', 'close', 'assign', 'grade', 'extension']],
    ['a closed one', { state: 'closed' }, supervisor, []],
    ['a closed one whose appeal waits', { state: 'closed', appeal: 'waiting' }, supervisor, ['appeal', 'exclude']],
    ['a closed one whose exclusion somebody else proposed after an appeal', { state: 'closed', appeal: 'granted', exclusion: 'waiting', exclusion_made: { by: 'other' } }, supervisor, ['verdict']],
  ] as [string, Partial<CaseStory>, Parameters<typeof actsOf>[1], string[]][])('%s offers what can be done', (_, of, who, want) => {
    expect(actsOf(one(of), who)).toEqual(want)
  })
})

describe('the satisfaction on the lobby', () => {
  const figures = { visits: 0, open: 0, passed: 0, excluded: 0, rateable: 0, pressed: 0, unrated: 0, levels: [], corrected: 0, invalid: 0 }
  const published = (value: number | null, below: number, final = false) => ({ satisfaction: { day: '2026-11-23', as_of: '2026-11-23T16:00:00+08:00', final, figures, rates: [{ id: 'good_rate', value, above: 0, below }] } })
  it('is what was published, with its sample', () => {
    expect(satisfactionOf(published(0.983, 120))).toEqual({ day: '2026-11-23', value: 0.983, sample: 120, asOf: Date.parse('2026-11-23T08:00:00Z') })
    expect(satisfactionOf(published(0.983, 120, true))?.asOf).toBeNull()
  })
  it.each([['nothing is known', null], ['nothing was published', { satisfaction: null }], ['nobody rated', published(null, 0)]])('is not there where %s', (_, live) => {
    expect(satisfactionOf(live)).toBeNull()
  })
})
