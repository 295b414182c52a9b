import type { Live } from '../wire.gen'
import { callSaying, noticeSaying, pace, playlist, type Saying } from './playlist'

/** One announcement that waits or sounds. */
export interface Announcement {
  readonly id: string
  readonly saying: Saying
  /** When it was made, by the hub's clock in milliseconds. */
  readonly at: number
}

/** What was done with an announcement: the clips that sounded; none where sound was blocked for too long. */
export interface Spoken {
  readonly id: string
  readonly clips: readonly string[]
}

/** A page that was just opened says only what is younger, in milliseconds. */
const FRESH = 10_000
/** What could not sound for longer is not said any more: the person has seen it, or gone. */
const LATE = 60_000
/** How many announcements are remembered for tests and technicians. */
const KEPT = 100

/** What an announcer needs; times are milliseconds since 1970 by the hub's clock. */
export interface Surroundings {
  readonly now: () => number
  readonly play: (names: readonly string[]) => Promise<readonly string[]>
  readonly blocked: () => boolean
  /** Told whenever speaking, or what waits, has changed. */
  readonly changed: () => void
}

/**
 * Says calls and notices one after the other: none is cut, none is said over
 * another, and none is left out while sound is allowed. Where they come faster
 * than they can be said, each is said more briefly.
 */
export class Announcer {
  /** What sounds now. */
  speaking: Announcement | null = null
  readonly waiting: Announcement[] = []
  readonly history: Spoken[] = []
  #last: string | null = null
  #notices: Set<string> | null = null

  constructor(private readonly around: Surroundings) {}

  /** Looks for what is new in the hall. Call it with every change of the live view. */
  hear(live: Pick<Live, 'calls' | 'notices' | 'windows'>): void {
    const first = this.#notices === null
    const now = this.around.now()
    const young = (at: string) => !first || now - Date.parse(at) < FRESH
    const calls = Object.values(live.calls).sort((a, b) => (a.id < b.id ? -1 : 1))
    const newest = calls.at(-1)?.id
    // A hub that was restored from a backup begins again with earlier calls.
    if (newest !== undefined && this.#last !== null && newest < this.#last) this.#last = newest
    for (const call of calls) {
      if ((this.#last !== null && call.id <= this.#last) || !young(call.at)) continue
      const window = live.windows[call.window]
      this.waiting.push({ id: call.id, saying: callSaying(call, window ?? { number: call.window }), at: Date.parse(call.at) })
    }
    if (newest !== undefined) this.#last = newest
    this.#hearNotices(live, young)
    void this.#speak()
  }

  /** Goes on after sound was blocked. */
  resumed(): void {
    void this.#speak()
  }

  #hearNotices(live: Pick<Live, 'notices'>, young: (at: string) => boolean): void {
    const known = this.#notices ?? new Set()
    for (const notice of Object.values(live.notices)) {
      if (known.has(notice.id) || !notice.speak || !young(notice.at)) continue
      this.waiting.push({ id: notice.id, saying: noticeSaying(notice), at: Date.parse(notice.at) })
    }
    this.#notices = new Set(Object.keys(live.notices))
  }

  async #speak(): Promise<void> {
    if (this.speaking) return
    this.#forgetLate()
    while (this.waiting.length > 0 && !this.around.blocked()) {
      const next = this.waiting.shift()
      if (!next) break
      this.speaking = next
      this.around.changed()
      const clips = await this.around.play(playlist(next.saying, pace(this.waiting.length)))
      this.history.push({ id: next.id, clips })
      this.history.splice(0, this.history.length - KEPT)
    }
    this.speaking = null
    this.around.changed()
  }

  /** While sound is blocked nothing piles up that nobody would understand afterwards. */
  #forgetLate(): void {
    if (!this.around.blocked()) return
    const now = this.around.now()
    for (const old of this.waiting.filter((a) => now - a.at > LATE)) this.history.push({ id: old.id, clips: [] })
    this.waiting.splice(0, this.waiting.length, ...this.waiting.filter((a) => now - a.at <= LATE))
  }
}
