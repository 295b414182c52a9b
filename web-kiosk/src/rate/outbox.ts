import type { Result } from '../api/client'
import type { Level, RatingPrompt } from '../rating/types'

/**
 * What a citizen touched and the hub does not have yet. It is on the tablet's
 * disk before the screen says "kept", and leaves it when the hub has answered:
 * stored ratings go, refused ones are set aside with the reason, and while the
 * hub is not reached everything stays.
 */
export type Entry = RatingEntry | ReasonsEntry

interface Base {
  /** Its Idempotency-Key, so that a lost answer makes no second one. */
  readonly id: string
  /** The order in which things were touched. */
  readonly turn: number
  /** Why the hub refused it, in the hub's words; such an entry is not sent again. */
  readonly aside?: string
}

export interface RatingEntry extends Base {
  readonly kind: 'rating'
  readonly body: { level: Level; visit?: string; at: string; doubt?: true }
}

export interface ReasonsEntry extends Base {
  readonly kind: 'reasons'
  /** The rating that they explain; the hub's answer to it names the visit. */
  readonly of: string | null
  readonly visit: string | null
  readonly body: { reasons: string[]; text?: string; phone?: string }
}

/** Where entries are kept. `put` resolves when the entry is on disk. */
export interface Keep {
  all(): Promise<Entry[]>
  put(entry: Entry): Promise<void>
  remove(id: string): Promise<void>
}

/** The hub's answer to a rating: the visit that it counts for, if any, and what the window's tablet shows now. */
export interface Answer { visit?: string; prompt?: RatingPrompt }

export type Send = (entry: Entry) => Promise<Result<Answer | null>>

/** The waits between tries, in milliseconds; the last one stays. */
const WAITS = [1_000, 2_000, 4_000, 8_000, 15_000] as const

/** Whether an answer says only that the hub, or this tablet's key, is not ready. */
export function passing(status: number): boolean {
  return status === 0 || status >= 500 || [401, 403, 408, 425, 429].includes(status)
}

export interface Outbox {
  /** Keeps an entry, then sends; resolves when it is on disk. */
  add(entry: Entry): Promise<void>
  /** Tries now: the hub is there again. */
  kick(): void
  /** Whether an entry still waits for the hub. */
  waits(id: string): boolean
  readonly size: number
  stop(): void
}

/**
 * Sends entries one after another in the order of touches. `told` hears what
 * became of each, `changed` whenever the number of those that wait changes.
 */
export function createOutbox(
  keep: Keep, send: Send,
  heard: { told?: (entry: Entry, answer: Answer | null) => void; failed?: (entry: Entry, status: number) => void; changed?: (size: number) => void } = {},
  later: (call: () => void, ms: number) => () => void = (call, ms) => { const timer = setTimeout(call, ms); return () => clearTimeout(timer) },
): Outbox {
  const waiting: Entry[] = []
  let busy = false
  let tries = 0
  let stopped = false
  let cancel: (() => void) | null = null
  const opened = keep.all().then((all) => {
    waiting.unshift(...all.filter((entry) => entry.aside === undefined).sort((a, b) => a.turn - b.turn))
    heard.changed?.(waiting.length)
  }, () => undefined) // storage is refused: entries last as long as the page

  async function pump(): Promise<void> {
    cancel?.()
    cancel = null
    await opened
    if (busy || stopped) return
    busy = true
    try {
      for (let entry = waiting[0]; entry !== undefined && !stopped; entry = waiting[0]) {
        if (entry.kind === 'reasons' && entry.visit === null) {
          await settle(entry, '-') // the hub could not tell which visit it was
          continue
        }
        const result = await send(entry)
        if (!result.ok && passing(result.trouble.status)) {
          heard.failed?.(entry, result.trouble.status)
          cancel = later(() => void pump(), WAITS[Math.min(tries++, WAITS.length - 1)] ?? 0)
          return
        }
        tries = 0
        await settle(entry, result.ok ? null : `${result.trouble.status} ${result.trouble.text}`)
        if (result.ok && entry.kind === 'rating') await name(entry.id, result.data?.visit)
        if (result.ok) heard.told?.(entry, result.data)
        else heard.failed?.(entry, result.trouble.status)
      }
    } finally {
      busy = false
    }
  }

  /** Takes an entry out: gone where the hub has it, set aside where it was refused. */
  async function settle(entry: Entry, aside: string | null): Promise<void> {
    const at = waiting.findIndex(({ id }) => id === entry.id)
    if (at >= 0) waiting.splice(at, 1)
    await (aside === null ? keep.remove(entry.id) : keep.put({ ...entry, aside })).catch(() => undefined)
    heard.changed?.(waiting.length)
  }

  /** Reasons that were given before the hub had said which visit it was. */
  async function name(rating: string, visit: string | undefined): Promise<void> {
    for (const [n, entry] of waiting.entries()) {
      if (entry.kind !== 'reasons' || entry.of !== rating || entry.visit !== null || visit === undefined) continue
      const named = { ...entry, visit }
      waiting[n] = named
      await keep.put(named).catch(() => undefined)
    }
  }

  void pump()
  return {
    async add(entry) {
      await opened
      waiting.push(entry)
      heard.changed?.(waiting.length)
      await keep.put(entry).catch(() => undefined)
      void pump()
    },
    kick: () => void pump(),
    waits: (id) => waiting.some((entry) => entry.id === id),
    get size() { return waiting.length },
    stop() {
      stopped = true
      cancel?.()
    },
  }
}
