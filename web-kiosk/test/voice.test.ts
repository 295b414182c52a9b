import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Announcer } from '../src/voice/announcer'
import { callSaying, directions, noticeSaying, pace, phrases, playlist, volumeAt } from '../src/voice/playlist'
import type { LiveCall, LiveNotice, LiveWindow } from '../src/wire.gen'

const folder = join(import.meta.dirname, '../src/voice/clips')
const clips = new Set(readdirSync(folder).filter((name) => name.endsWith('.opus')).map((name) => name.slice(0, -5)))

describe('what is said', () => {
  test('names ticket and window in both languages', () => {
    const said = callSaying({ number: 'A012' }, { number: '03', direction: 'left' })
    expect(said.zh).toEqual(['zh-please', 'letter-A', 'zh-0', 'zh-1', 'zh-2', 'zh-number', 'zh-to', 'zh-3', 'zh-window', 'zh-left'])
    expect(said.en).toEqual(['en-ticket', 'letter-A', 'en-0', 'en-1', 'en-2', 'en-window', 'en-3', 'en-left'])
  })
  test.each([['10', ['zh-ten']], ['12', ['zh-ten', 'zh-2']], ['30', ['zh-3', 'zh-ten']], ['45', ['zh-4', 'zh-ten', 'zh-5']], ['123', ['zh-1', 'zh-2', 'zh-3']], ['B2', ['letter-B', 'zh-2']]])(
    'window %s is counted as it is spoken', (number, want) => {
      const { zh } = callSaying({ number: 'A1' }, { number })
      expect(zh.slice(zh.indexOf('zh-to') + 1, -1)).toEqual(want)
    })
  test('is said whole and twice, Mandarin first', () => {
    const saying = { zh: ['z'], en: ['e'] }
    expect(playlist(saying, pace(0))).toEqual(['chime', 'z', 'e', 'z', 'e'])
    expect(playlist(saying, pace(3))).toEqual(['chime', 'z', 'e'])
    expect(playlist(saying, pace(7))).toEqual(['chime', 'z'])
  })
  test('has a clip for every ticket, window, direction and phrase', () => {
    const needed = new Set(['chime'])
    for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789') {
      for (const direction of ['', ...directions]) {
        for (const window of [c, '10', '20']) {
          const { zh, en } = callSaying({ number: c }, { number: window, direction })
          for (const name of [...zh, ...en]) needed.add(name)
        }
      }
    }
    for (const phrase of phrases) for (const name of Object.values(noticeSaying({ phrase })).flat()) needed.add(name)
    expect([...needed].filter((name) => !clips.has(name))).toEqual([])
    expect([...clips].filter((name) => !needed.has(name))).toEqual([])
    for (const name of clips) {
      const { size } = statSync(join(folder, `${name}.opus`))
      expect(size, name).toBeGreaterThan(600) // a clip of nothing is smaller
      expect(size, name).toBeLessThan(60_000)
    }
  })
  test.each([[null, '09:00', 1], ['40', '09:00', 0.4], ['08:00-80,18:00-30', '09:00', 0.8], ['08:00-80,18:00-30', '18:00', 0.3], ['08:00-80,18:00-30', '07:00', 0.3],
    ['loud', '09:00', 1], ['900', '09:00', 1], ['0', '09:00', 0]] as const)('the volume %s at %s is %d', (setting, clock, want) => {
    expect(volumeAt(setting, clock)).toBe(want)
  })
})

describe('the announcer', () => {
  const start = Date.parse('2026-11-23T09:00:00Z')
  function hall() {
    const played: string[][] = []
    const ends: (() => void)[] = []
    const around = { time: start, locked: false }
    const live = { calls: {} as { [id: string]: LiveCall }, notices: {} as { [id: string]: LiveNotice }, windows: { w1: { number: '1' } as LiveWindow } }
    const announcer = new Announcer({
      now: () => around.time,
      blocked: () => around.locked,
      changed: () => undefined,
      play: (names) => {
        played.push([...names])
        return new Promise((done) => ends.push(() => done(names)))
      },
    })
    const call = (n: number, number: string, at = around.time) => {
      const id = String(n).padStart(20, '0')
      live.calls[id] = { id, number, window: 'w1', service: 'a', at: new Date(at).toISOString() }
    }
    const end = async () => {
      ends.shift()?.()
      await new Promise((done) => setTimeout(done))
    }
    return { played, around, live, announcer, call, end }
  }
  const letters = (list: string[][]) => list.map((names) => names.find((name) => name.startsWith('letter-'))?.slice(-1))

  test('says two calls at once one after the other, and none is cut', async () => {
    const h = hall()
    h.announcer.hear(h.live)
    h.call(1, 'A1')
    h.call(2, 'B1')
    h.announcer.hear(h.live)
    expect(letters(h.played)).toEqual(['A'])
    await h.end()
    expect(letters(h.played)).toEqual(['A', 'B'])
    await h.end()
    expect(h.announcer.history.map((x) => x.clips.length > 0)).toEqual([true, true])
    expect(h.announcer.speaking).toBeNull()
  })
  test('says nothing twice however often the hall changes, but each recall', async () => {
    const h = hall()
    h.call(1, 'A1')
    for (let i = 0; i < 3; i++) h.announcer.hear(h.live)
    h.call(2, 'A1')
    h.announcer.hear(h.live)
    await h.end()
    await h.end()
    expect(h.played.length).toBe(2)
  })
  test('says after a reload only what was called just now', () => {
    const h = hall()
    h.call(1, 'A1', start - 60_000)
    h.call(2, 'B1', start - 2_000)
    h.announcer.hear(h.live)
    expect(letters(h.played)).toEqual(['B'])
  })
  test('is brief where calls come faster than it speaks, and leaves none out', async () => {
    const h = hall()
    h.announcer.hear(h.live)
    for (let i = 1; i <= 12; i++) h.call(i, `${String.fromCharCode(64 + i)}1`)
    h.announcer.hear(h.live)
    for (let i = 0; i < 12; i++) await h.end()
    expect(letters(h.played).join('')).toBe('ABCDEFGHIJKL')
    expect(h.played[0]?.some((name) => name.startsWith('en-'))).toBe(false)
    expect(h.played[11]?.filter((name) => name === 'zh-please').length).toBe(2)
  })
  test('waits while sound is blocked and then says what is not too old', async () => {
    const h = hall()
    h.around.locked = true
    h.announcer.hear(h.live)
    h.call(1, 'A1')
    h.announcer.hear(h.live)
    h.around.time += 50_000
    h.call(2, 'B1')
    h.announcer.hear(h.live)
    expect(h.played).toEqual([])
    h.around.time += 20_000
    h.announcer.hear(h.live)
    h.around.locked = false
    h.announcer.resumed()
    expect(letters(h.played)).toEqual(['B'])
    expect(h.announcer.history[0]).toEqual({ id: '1'.padStart(20, '0'), clips: [] })
  })
  test('speaks notices that ask for it', async () => {
    const h = hall()
    h.announcer.hear(h.live)
    h.live.notices['n1'] = { id: 'n1', phrase: 'closing_soon', speak: true, at: new Date(start).toISOString() }
    h.live.notices['n2'] = { id: 'n2', zh: 'x', at: new Date(start).toISOString() }
    h.announcer.hear(h.live)
    await h.end()
    expect(h.played).toEqual([['chime', 'zh-closing_soon', 'en-closing_soon', 'zh-closing_soon', 'en-closing_soon']])
  })
  test('goes on after a hub that was restored to an earlier day', () => {
    const h = hall()
    h.announcer.hear(h.live)
    h.call(900, 'A1')
    h.announcer.hear(h.live)
    h.live.calls = {}
    h.call(5, 'B1')
    h.announcer.hear(h.live)
    h.call(6, 'C1')
    h.announcer.hear(h.live)
    expect(h.announcer.waiting.map((a) => a.id.slice(-1))).toEqual(['6'])
  })
})
