import { describe, expect, it } from 'vitest'
import { mergePatch } from '../src/live/merge'

// The table of RFC 7396, appendix A.
const rfc: [unknown, unknown, unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [['a', 'b'], ['c', 'd'], ['c', 'd']],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
]

describe('merge patch', () => {
  it.each(rfc)('makes of %j by %j: %j', (target, patch, want) => {
    expect(JSON.parse(JSON.stringify(mergePatch(target, patch)))).toEqual(want)
  })

  it('changes nothing in place and keeps what was not touched', () => {
    const before = { windows: { w01: { n: 1 }, w02: { n: 2 } } }
    const copy = structuredClone(before)
    const after = mergePatch(before, { windows: { w01: { n: 3 } } }) as typeof before
    expect(before).toEqual(copy)
    expect(after.windows.w02).toBe(before.windows.w02)
    expect(after.windows.w01.n).toBe(3)
  })

  it('takes a window named __proto__ as a name and nothing more', () => {
    const patch: unknown = JSON.parse('{"windows":{"__proto__":{"polluted":true}}}')
    const after = mergePatch({ windows: {} }, patch) as { windows: { [id: string]: { polluted?: boolean } } }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(Object.keys(after.windows)).toEqual(['__proto__'])
    const gone = mergePatch(after, JSON.parse('{"windows":{"__proto__":null}}')) as typeof after
    expect(Object.keys(gone.windows)).toEqual([])
  })
})
