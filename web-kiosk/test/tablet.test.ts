import { describe, expect, it } from 'vitest'
import type { Result } from '../src/api/client'
import { given, phoneOk } from '../src/rate/given'
import { createOutbox, passing, type Answer, type Entry, type Keep } from '../src/rate/outbox'
import { begin, correctable, IDLE, named, RECENT, step, THANKS, warning, WARNING, type RateEvent, type Screen } from '../src/rate/screen'
import { pixelsPerMillimetre } from '../src/rate/size'
import type { Level, RatingPrompt } from '../src/rating/types'

const prompt = (of: Partial<RatingPrompt>): RatingPrompt => ({ window: 'w1', state: 'idle', explain: false, reasons: [], ...of })
const open = (visit: string) => prompt({ state: 'open', visit })
const rated = (visit: string, at: string, of: Partial<RatingPrompt> = {}) => prompt({ state: 'rated', visit, rated_at: `2026-11-23T09:00:${at}Z`, correct_until: `2026-11-23T09:00:${String(Number(at) + 5).padStart(2, '0')}Z`, ...of })

/** Plays events against the tablet by a clock that the test holds. */
class Play {
  s: Screen
  constructor(public now = 1_000) { this.s = begin(now) }
  feed(event: RateEvent): this {
    this.s = step(this.s, event, this.now)
    return this
  }
  prompt(p: RatingPrompt, age: number | null = null, correct: number | null = null): this { return this.feed({ type: 'prompt', prompt: p, age, correct }) }
  touch(level: Level, id = `t${level}`): this { return this.feed({ type: 'touch', level, id }) }
  told(id: string, p: RatingPrompt | null, correct: number | null = null): this { return this.feed({ type: 'told', id, prompt: p, visit: p?.visit ?? null, correct }) }
  pass(ms: number): this {
    for (const until = this.now + ms; this.now < until;) {
      this.now = Math.min(until, this.now + 200)
      this.feed({ type: 'tick' })
    }
    return this
  }
  get view() { return this.s.view }
}

describe('the tablet', () => {
  it('rests while nobody is served, and asks when somebody is', () => {
    const play = new Play().prompt(prompt({}))
    expect(play.view).toBe('idle')
    expect(play.prompt(open('v1')).view).toBe('choose')
    expect(play.s.mine).toBeNull() // nothing is preselected
    expect(play.prompt(prompt({ state: 'closed', visit: 'v1' })).view).toBe('idle')
  })

  it('is unrated where nobody touches it', () => {
    const play = new Play().prompt(open('v1')).pass(10 * 60_000).prompt(prompt({ state: 'closed', visit: 'v1' }))
    expect([play.view, play.s.mine]).toEqual(['idle', null])
  })

  it('keeps the touch in its place while it may be changed, then thanks and goes back', () => {
    const play = new Play().prompt(open('v1')).touch(4)
    expect([play.view, play.s.mine?.level, play.s.visit]).toEqual(['choose', 4, 'v1'])
    play.told('t4', rated('v1', '00'), 5_000)
    expect(correctable(play.s, play.now)).toBe(5)
    expect(play.pass(4_800).view).toBe('choose')
    expect(play.pass(400).view).toBe('thanks')
    expect(play.pass(THANKS + 200).view).toBe('idle')
    expect(play.s.mine).toBeNull() // nothing of the last person
  })

  it('takes another choice as a correction, and none after its time', () => {
    const play = new Play().prompt(open('v1')).touch(4).told('t4', rated('v1', '00'), 5_000).pass(2_000).touch(5)
    expect([play.view, play.s.mine?.id]).toEqual(['choose', 't5'])
    expect(correctable(play.s, play.now)).toBe(3) // its time runs from the first touch
    expect(play.touch(5, 'again').s.mine?.id).toBe('t5') // the same again is no other choice
    expect(play.pass(3_200).view).toBe('thanks')
    expect(play.touch(1).s.mine?.id).toBe('t5')
  })

  it('offers no correction where it does not know for how long', () => {
    const play = new Play().prompt(open('v1')).touch(4)
    expect(correctable(play.s, play.now)).toBe(0)
    expect(play.touch(5).s.mine?.level).toBe(4)
  })

  it('asks why where it was bad, lets it be changed, and thanks whether or not it is told', () => {
    const play = new Play().prompt(open('v1')).touch(2).told('t2', rated('v1', '00', { explain: true }), 5_000)
    expect(play.view).toBe('reasons')
    expect(play.feed({ type: 'change' }).view).toBe('choose')
    expect(play.pass(5_200).view).toBe('reasons') // nothing else was chosen
    expect(play.feed({ type: 'change' }).view).toBe('reasons') // too late
    expect(play.feed({ type: 'words' }).view).toBe('words')
    expect(play.feed({ type: 'back' }).view).toBe('reasons')
    expect(play.feed({ type: 'skip' }).view).toBe('thanks')
    expect(play.pass(THANKS + 200).view).toBe('idle')
  })

  it('goes back by itself after a warning that one touch extends', () => {
    const play = new Play().prompt(open('v1')).touch(1).told('t1', rated('v1', '00', { explain: true }), 5_000)
    expect(warning(play.pass(IDLE - 400).s, play.now)).toBeNull()
    play.pass(600)
    expect(warning(play.s, play.now)).toBeLessThanOrEqual(WARNING / 1_000)
    expect(warning(play.feed({ type: 'stay' }).s, play.now)).toBeNull()
    play.pass(IDLE + WARNING + 200)
    expect([play.view, play.s.mine]).toEqual(['idle', null])
  })

  it('hurries whoever still writes when somebody else is served, and then asks that one', () => {
    const play = new Play().prompt(open('v1')).touch(1).told('t1', rated('v1', '00', { explain: true }), 5_000).pass(8_000).prompt(open('v2'))
    expect(play.view).toBe('reasons')
    expect(warning(play.s, play.now)).toBe(WARNING / 1_000)
    play.pass(WARNING + 200)
    expect([play.view, play.s.visit, play.s.mine]).toEqual(['choose', 'v2', null])
  })

  it('thanks for a press of the button without naming it, and asks why where it was bad', () => {
    const good = new Play().prompt(open('v1')).prompt(rated('v1', '00'), 300)
    expect([good.view, good.s.mine]).toEqual(['thanks', null])
    expect(good.pass(THANKS + 200).view).toBe('idle')
    expect(good.prompt(rated('v1', '00'), 9_000).view).toBe('idle') // once only
    const bad = new Play().prompt(open('v1')).prompt(rated('v1', '00', { explain: true }), 300)
    expect(bad.view).toBe('reasons')
    expect(bad.prompt(rated('v1', '03', { explain: false }), 100).view).toBe('thanks') // corrected by the button
  })

  it('does not thank for a press of long ago', () => {
    expect(new Play().prompt(open('v1')).prompt(rated('v1', '00', { explain: true }), RECENT + 1).view).toBe('idle')
    expect(new Play().prompt(rated('v1', '00', { explain: true }), 300).view).toBe('idle') // before the page was there
    expect(new Play().prompt(open('v1')).prompt(rated('v1', '00'), null).view).toBe('idle')
  })

  it('does not ask again before the hub has the touch', () => {
    const play = new Play().prompt(open('v1')).touch(5).pass(THANKS + 400).pass(THANKS + 400).prompt(open('v1'))
    expect(play.view).toBe('idle')
    expect(play.told('t5', rated('v1', '00')).view).toBe('idle')
  })

  it('asks on while the hub is away, names no visit then, and goes on with the hub', () => {
    const play = new Play().prompt(open('v1')).feed({ type: 'online', online: false })
    expect([play.view, named(play.s)]).toEqual(['choose', null])
    play.touch(3)
    expect(play.s.visit).toBeNull()
    play.pass(THANKS + 400).pass(THANKS + 400)
    expect([play.view, play.s.mine]).toEqual(['choose', null]) // the next person
    expect(play.prompt(prompt({})).view).toBe('idle')
  })

  it('remembers for how long a rating may be corrected', () => {
    const play = new Play().prompt(rated('v1', '00'), 60_000).feed({ type: 'online', online: false }).touch(3)
    expect(correctable(play.s, play.now)).toBe(5)
  })
})

class Disk implements Keep {
  kept = new Map<string, Entry>()
  async all() { return [...this.kept.values()].reverse() }
  async put(entry: Entry) { this.kept.set(entry.id, entry) }
  async remove(id: string) { this.kept.delete(id) }
}

const rating = (id: string, turn: number, visit?: string): Entry => ({ kind: 'rating', id, turn, body: { level: 5, at: '2026-11-23T09:00:00Z', ...(visit ? { visit } : {}) } })
const reasons = (id: string, turn: number, of: string | null, visit: string | null): Entry => ({ kind: 'reasons', id, turn, of, visit, body: { reasons: ['slow'] } })
const refused = (status: number): Result<never> => ({ ok: false, trouble: { status, text: 'no', instance: undefined, fields: {} } })
const settle = async () => { for (let n = 0; n < 50; n++) await Promise.resolve() }

/** A hub that answers as the test says, and notes what it was sent. */
function bench(disk = new Disk()) {
  const sent: Entry[] = []
  let status = 201
  const waits: (() => void)[] = []
  const told: [string, Answer | null][] = []
  const box = createOutbox(disk, async (entry) => {
    sent.push(entry)
    return status === 201 ? { ok: true, data: { visit: 'v9', prompt: prompt({ state: 'open', visit: 'v10' }) } } : refused(status)
  }, { told: (entry, answer) => told.push([entry.id, answer]) }, (call) => { waits.push(call); return () => { waits.splice(waits.indexOf(call), 1) } })
  return { disk, sent, told, waits, box, answer: (with_: number) => { status = with_ } }
}

describe('the outbox', () => {
  it('has a touch on disk before it is said to be kept, and takes it off when the hub has it', async () => {
    const b = bench()
    b.answer(0)
    await b.box.add(rating('a', 1))
    expect(b.disk.kept.has('a')).toBe(true)
    await settle()
    expect([b.box.size, b.waits.length]).toEqual([1, 1])
    b.answer(201)
    b.waits[0]?.()
    await settle()
    expect([b.box.size, b.disk.kept.size, b.told.map(([id]) => id)]).toEqual([0, 0, ['a']])
  })

  it('sends what an earlier page left, in the order of the touches, with the same keys', async () => {
    const disk = new Disk()
    for (const entry of [rating('a', 1), rating('b', 2)]) await disk.put(entry)
    const b = bench(disk)
    await settle()
    expect(b.sent.map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it.each([0, 401, 429, 500, 503])('keeps a touch that was answered %i', async (status) => {
    const b = bench()
    b.answer(status)
    await b.box.add(rating('a', 1))
    await settle()
    expect([passing(status), b.box.waits('a'), b.disk.kept.has('a')]).toEqual([true, true, true])
  })

  it('sets a refused one aside with the reason, and goes on', async () => {
    const b = bench()
    b.answer(422)
    await b.box.add(rating('a', 1))
    await settle()
    expect([b.box.size, b.disk.kept.get('a')?.aside]).toEqual([0, '422 no'])
    const later = bench(b.disk)
    await settle()
    expect(later.sent).toEqual([])
  })

  it('names the visit of reasons when the hub has said which it was', async () => {
    const b = bench()
    b.answer(0)
    await b.box.add(rating('a', 1))
    await b.box.add(reasons('why', 2, 'a', null))
    b.answer(201)
    b.box.kick()
    await settle()
    expect(b.sent.filter(({ kind }) => kind === 'reasons')).toMatchObject([{ id: 'why', visit: 'v9' }])
    expect(b.disk.kept.size).toBe(0)
  })

  it('lasts as long as the page where storage is refused', async () => {
    const no: Keep = { all: () => Promise.reject(new Error()), put: () => Promise.reject(new Error()), remove: () => Promise.reject(new Error()) }
    const b = bench(no as Disk)
    await b.box.add(rating('a', 1))
    await settle()
    expect(b.told.map(([id]) => id)).toEqual(['a'])
  })
})

describe('what a citizen says', () => {
  it.each([
    [[], '', '', null],
    [['slow'], '', '', { reasons: ['slow'] }],
    [[], '  too long  ', '', { reasons: [], text: 'too long' }],
    [[], '', '13800000042', { reasons: [], phone: '13800000042' }],
  ])('%j %j %j is %j', (ids, text, phone, want) => {
    expect(given(ids, text, phone)).toEqual(want)
  })

  it('is cut to 500 characters, also where each takes two places', () => {
    expect([...(given([], '\u{20000}'.repeat(600), '')?.text ?? '')]).toHaveLength(500)
  })

  it.each([['', true], ['13800000042', true], ['04831234567', true], ['1380000004', false], ['23800000042', false]])('the number %j is right: %j', (phone, right) => {
    expect(phoneOk(phone)).toBe(right)
  })
})

describe('a millimetre of the screen', () => {
  it.each([
    ['', 1280, 800, 5.88], ['', 800, 480, 5.25], ['?diagonal=8', 1280, 800, 7.43], ['?diagonal=900', 1280, 800, 5.88],
  ])('%s at %i × %i', (search, width, height, want) => {
    expect(pixelsPerMillimetre(search, width, height)).toBeCloseTo(want, 2)
  })
})
