import { describe, expect, it } from 'vitest'
import {
  ATTEMPT_LIMIT, backoff, BACKOFF_MAX, CLOSED_GRACE, hubNow, initial, STALE_AFTER, step,
  type Effect, type LiveEvent, type LiveState,
} from '../src/live/machine'

const HUB = Date.parse('2026-11-23T08:58:31+08:00')

/** Plays events against the machine by a clock that the test holds. */
class Play {
  state: LiveState
  effects: Effect[] = []
  constructor(public now = 1_000) {
    this.state = initial(now)
  }
  feed(event: LiveEvent): this {
    const next = step(this.state, event, this.now, 0.5)
    this.state = next.state
    if (next.effect !== null) this.effects.push(next.effect)
    return this
  }
  message(message: object): this {
    return this.feed({ type: 'message', text: JSON.stringify({ at: new Date(HUB + this.now).toISOString(), ...message }) })
  }
  snapshot(seq: number, windows: object = {}): this {
    return this.message({ type: 'snapshot', seq, data: { hall: { id: 'h' }, hub: {}, windows, devices: null, alarms: null, dead_letters: 0 } })
  }
  patch(seq: number, data: object): this {
    return this.message({ type: 'patch', seq, data })
  }
  alive(seq: number): this {
    return this.message({ type: 'alive', seq })
  }
  closed(): this {
    return this.feed({ type: 'closed' })
  }
  /** Lets time pass with the driver's ticks. */
  pass(ms: number): this {
    const until = this.now + ms
    while (this.now < until) {
      this.now = Math.min(until, this.now + 200)
      this.feed({ type: 'tick' })
    }
    return this
  }
  up(seq = 7): this {
    this.feed({ type: 'tick' }).snapshot(seq, { w01: { state: 'open' } })
    this.effects = []
    return this
  }
}

describe('a page', () => {
  it('opens its socket at once and is live with the first snapshot', () => {
    const play = new Play().feed({ type: 'tick' })
    expect(play.effects).toEqual(['open'])
    expect(play.state.phase).toBe('connecting')
    play.snapshot(3)
    expect(play.state.phase).toBe('live')
    expect(play.state.live?.devices).toEqual({})
  })

  it('follows patches in order', () => {
    const play = new Play().up(7).patch(8, { windows: { w01: { state: 'cut_off' } } }).patch(9, { dead_letters: 2 })
    expect(play.state.live?.windows['w01']?.state).toBe('cut_off')
    expect(play.state.live?.dead_letters).toBe(2)
    expect(play.state.seq).toBe(9)
    expect(play.effects).toEqual([])
  })

  it('takes a fresh snapshot in the middle, as a slow page is sent', () => {
    const play = new Play().up(7).snapshot(900).patch(901, { dead_letters: 1 })
    expect(play.state.live?.dead_letters).toBe(1)
    expect(play.effects).toEqual([])
  })

  it('stays live on alive messages alone', () => {
    const play = new Play().up(7)
    for (let i = 0; i < 20; i++) play.pass(2_000).alive(7)
    expect(play.state.phase).toBe('live')
    expect(play.effects).toEqual([])
  })

  it.each([
    ['a patch that was missed', (p: Play) => p.patch(9, {})],
    ['a patch that came twice', (p: Play) => p.patch(7, {})],
    ['an alive that shows a missed patch', (p: Play) => p.alive(8)],
    ['text that is no JSON', (p: Play) => p.feed({ type: 'message', text: '{' })],
    ['a patch that removes the hall', (p: Play) => p.patch(8, { hall: null })],
    ['a patch that is a list', (p: Play) => p.message({ type: 'patch', seq: 8, data: [] })],
  ])('drops its socket and asks for a snapshot after %s', (_name, break_) => {
    const play = break_(new Play().up(7))
    expect(play.effects).toEqual(['close'])
    expect(play.state.seq).toBe(7)
    expect(play.pass(400).effects).toEqual(['close', 'open'])
    expect(play.state.phase).toBe('live') // a quick return is not worth a warning
    expect(play.snapshot(40).state.phase).toBe('live')
    expect(play.state.seq).toBe(40)
  })

  it('ignores message types that it does not know, but has heard the hub', () => {
    const play = new Play().up(7).pass(4_000).message({ type: 'news' }).pass(4_000)
    expect(play.state.phase).toBe('live')
    expect(play.effects).toEqual([])
  })

  it('is stale after 5 seconds of silence on an open socket, not before, and tries again', () => {
    const play = new Play().up(7).pass(STALE_AFTER - 200)
    expect(play.state.phase).toBe('live')
    play.pass(200)
    expect(play.state.phase).toBe('stale')
    expect(play.effects).toEqual(['close'])
    expect(play.pass(200).effects).toEqual(['close', 'open'])
    expect(play.pass(60_000).state.phase).toBe('stale') // attempts that hang are silence too
    expect(play.snapshot(1).state.phase).toBe('live')
  })

  it('is disconnected a second after the socket closed, and heals by itself', () => {
    const play = new Play().up(7).closed()
    expect(play.state.phase).toBe('live')
    play.pass(CLOSED_GRACE)
    expect(play.state.phase).toBe('disconnected')
    expect(play.state.live?.windows['w01']?.state).toBe('open') // kept as the last known
    expect(play.snapshot(1).state.phase).toBe('live')
  })

  it('warns at once where the socket closes after 5 silent seconds were nearly over', () => {
    const play = new Play().up(7).pass(4_800).closed().pass(200)
    expect(play.state.phase).toBe('disconnected')
  })

  it('says disconnected when no hub answers a new page', () => {
    const play = new Play().feed({ type: 'tick' }).closed()
    expect(play.state.phase).toBe('connecting')
    for (let i = 0; i < 10; i++) play.pass(400).closed()
    expect(play.state.phase).toBe('disconnected')
    expect(play.state.live).toBeNull()
  })

  it('says so within 5 seconds when the first attempt hangs', () => {
    const play = new Play().feed({ type: 'tick' }).pass(ATTEMPT_LIMIT + CLOSED_GRACE)
    expect(play.state.phase).toBe('disconnected')
  })

  it('hears nothing of a socket that it has given up', () => {
    const play = new Play().up(7).closed().snapshot(50)
    expect(play.state.seq).toBe(7)
    expect(play.closed().effects).toEqual(['close'])
  })

  it('waits longer with each failure, at most 2 seconds, and forgets failures when a connection holds', () => {
    const waits = [0, 1, 2, 3, 4, 5, 50].map((n) => backoff(n, 1))
    expect(waits).toEqual([125, 250, 500, 1_000, 2_000, 2_000, 2_000])
    expect(backoff(50, 0)).toBe(BACKOFF_MAX / 2)
    const play = new Play().up(7)
    for (let i = 0; i < 4; i++) play.closed().pass(2_200)
    expect(play.state.attempts).toBe(4)
    play.snapshot(1).pass(2_000).alive(1)
    expect(play.state.attempts).toBe(4)
    play.pass(3_000).alive(1)
    expect(play.state.attempts).toBe(0)
  })

  it('knows the hub’s clock by the quickest message and never by its own wall clock', () => {
    const play = new Play().up(7)
    const late = (ms: number) => play.message({ type: 'alive', seq: 7, at: new Date(HUB + play.now - ms).toISOString() })
    late(400)
    expect(hubNow(play.state, play.now)).toBeGreaterThan(HUB + play.now - 50)
    late(0)
    expect(hubNow(play.state, play.now)).toBe(HUB + play.now)
    late(3_600_000) // the hub's clock was set
    expect(hubNow(play.state, play.now)).toBe(HUB + play.now - 3_600_000)
    expect(play.state.lastWord).toBe(HUB + play.now - 3_600_000)
  })
})
