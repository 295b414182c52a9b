import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { createApi, uuid } from '../api/client'
import type { LiveStore } from '../live/useLive'
import { hubNow } from '../live/machine'
import type { Locale } from '../i18n'
import type { Level, RatingPrompt } from '../rating/types'
import type { Given } from './given'
import { browserKeep } from './keep'
import { createOutbox, type Answer, type Entry } from './outbox'
import { begin, correctable, step, warning, type RateEvent } from './screen'

/** The prompt is asked for when the live view says that something changed, and at least so often, in milliseconds. */
const EVERY = 15_000

/** Binds the tablet's state machine and its outbox to one window of the hub. */
export function useTablet(window: string, as: { token: string | undefined; send: typeof fetch | undefined }, store: LiveStore, locale: () => Locale) {
  const api = createApi(locale, as.send, () => as.token ?? null)
  const screen = shallowRef(begin(performance.now()))
  const now = ref(performance.now())
  const barred = ref<'forbidden' | 'unknown' | null>(null)
  /** Where the touch that is thanked for is: on this disk, or there because the hub is away, or with the hub. */
  const kept = ref<'disk' | 'away' | 'hub' | null>(null)
  const waiting = ref(0)
  let turn = Date.now()

  const feed = (event: RateEvent) => { screen.value = step(screen.value, event, performance.now()) }
  /** Milliseconds from an instant of the hub to now; null while its clock is unknown. */
  function since(at: string | undefined): number | null {
    const hub = hubNow(store.state.value, performance.now())
    return at === undefined || hub === null ? null : hub - Date.parse(at)
  }
  const left = (at: string | undefined) => {
    const ms = since(at)
    return ms === null ? null : Math.max(0, -ms)
  }

  const outbox = createOutbox(browserKeep(), (entry) => {
    if (entry.kind === 'rating') return api.change<Answer>('POST', `windows/${encodeURIComponent(window)}/ratings`, entry.body, entry.id)
    return api.change<Answer>('POST', `windows/${encodeURIComponent(window)}/ratings/reasons`, { visit: entry.visit, ...entry.body }, entry.id)
  }, {
    changed: (size) => { waiting.value = size },
    told: (entry, answer) => settled(entry, answer?.prompt ?? null, answer?.visit),
    failed: (entry, status) => {
      if (status === 401 || status === 403) barred.value = 'forbidden'
      if (status === 0 || status >= 500) {
        if (entry.id === screen.value.mine?.id) kept.value = 'away'
      } else if (!outbox.waits(entry.id)) settled(entry, null)
    },
  })
  function settled(entry: Entry, prompt: RatingPrompt | null, visit?: string): void {
    if (entry.kind !== 'rating') return
    if (entry.id === screen.value.mine?.id) kept.value = 'hub'
    feed({ type: 'told', id: entry.id, prompt, visit: visit ?? null, correct: visit === prompt?.visit ? left(prompt?.correct_until) : null })
    void ask()
  }

  let asked = 0
  async function ask(): Promise<void> {
    const mine = ++asked
    const answer = await api.read<RatingPrompt>(`windows/${encodeURIComponent(window)}/rating`)
    if (mine !== asked) return
    if (answer.ok) {
      barred.value = null
      feed({ type: 'prompt', prompt: answer.data, age: since(answer.data.rated_at), correct: left(answer.data.correct_until) })
    } else if (answer.trouble.status === 401 || answer.trouble.status === 403) barred.value = 'forbidden'
    else if (answer.trouble.status === 404) barred.value = 'unknown'
  }

  /** Keeps a touch at once; the hub hears of it as soon as it can. */
  async function touch(level: Level): Promise<void> {
    const before = screen.value
    const id = uuid()
    feed({ type: 'touch', level, id })
    const after = screen.value
    if (after === before || after.mine?.id !== id) return
    const hub = hubNow(store.state.value, performance.now())
    kept.value = null
    await outbox.add({
      kind: 'rating', id, turn: turn++,
      body: { level, ...(after.visit === null ? {} : { visit: after.visit }), at: new Date(hub ?? Date.now()).toISOString(), ...(hub === null ? { doubt: true as const } : {}) },
    })
    if (screen.value.mine?.id === id) kept.value ??= 'disk'
  }

  async function explain(given: Given): Promise<void> {
    const { mine, visit } = screen.value
    feed({ type: 'explained' })
    await outbox.add({ kind: 'reasons', id: uuid(), turn: turn++, of: mine?.id ?? null, visit, body: given })
  }

  const online = computed(() => store.phase.value === 'live')
  watch(online, (is) => {
    if (is) {
      outbox.kick()
      void ask()
    } else if (store.live.value !== null) feed({ type: 'online', online: false })
  }, { immediate: true })
  // Levels never come this way: only that something about the window's rating is new.
  const news = computed(() => {
    const at = store.live.value?.windows[window]
    return at && JSON.stringify([at.rating, at.ticket?.number, at.ticket?.stage, at.today.ratings])
  })
  watch(news, () => { if (online.value) void ask() })
  const poll = setInterval(() => { if (online.value) void ask() }, EVERY)
  let ended: string | undefined
  const ticker = setInterval(() => {
    now.value = performance.now()
    feed({ type: 'tick' })
    const { prompt } = screen.value
    if (online.value && prompt?.state === 'open' && prompt.until !== ended && (since(prompt.until) ?? -1) > 0) {
      ended = prompt.until
      void ask()
    }
  }, 200)
  const stay = () => feed({ type: 'stay' })
  /** Any touch is a sign of life; while the tablet asks, its answer is the click, or the question would be gone from under the finger. */
  const touched = () => { if (warning(screen.value, performance.now()) === null) stay() }
  for (const event of ['pointerdown', 'keydown'] as const) addEventListener(event, touched, true)
  onScopeDispose(() => {
    clearInterval(poll)
    clearInterval(ticker)
    outbox.stop()
    for (const event of ['pointerdown', 'keydown'] as const) removeEventListener(event, touched, true)
  })

  return {
    screen, barred, kept, waiting, touch, explain, stay, feed,
    correct: computed(() => correctable(screen.value, now.value)),
    left: computed(() => warning(screen.value, now.value)),
  }
}
