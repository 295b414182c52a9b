import { computed, inject, onScopeDispose, shallowRef, watchEffect, type ComputedRef, type InjectionKey, type ShallowRef } from 'vue'
import type { Live } from '../wire.gen'
import { hubNow, initial, type LiveState, type Phase } from './machine'
import { browserSurroundings, liveAddress, runLive, type Surroundings } from './socket'

/** The one live state of a page. */
export interface LiveStore {
  readonly state: Readonly<ShallowRef<LiveState>>
  readonly phase: ComputedRef<Phase>
  /** The hall as last heard; null before the first snapshot. */
  readonly live: ComputedRef<Live | null>
  /** The hub's clock in whole seconds, milliseconds since 1970; null while unknown. */
  readonly clock: Readonly<ShallowRef<number | null>>
  /** The hub's clock at its last word, or null. */
  readonly lastWord: ComputedRef<number | null>
  /** True while what is shown is live. */
  readonly fresh: ComputedRef<boolean>
}

/** A page tells the hub once a minute how it is, the first time when it has settled. */
const TELL_EVERY = 60_000
const FIRST_AFTER = 5_000

/** What a page that stays open for weeks is watched for: what it holds, and of which build it is. */
function wellbeing(): string {
  const { memory } = performance as Performance & { memory?: { usedJSHeapSize: number } }
  return JSON.stringify({ beat: { heap: memory?.usedJSHeapSize ?? 0, nodes: document.getElementsByTagName('*').length, build: __BUILD__ } })
}

const key: InjectionKey<LiveStore> = Symbol('live')

/** Opens the page's only socket. Call once, in the page's root component; `provide` it with liveKey. */
export function createLive(around: Surroundings = browserSurroundings(liveAddress(location))): LiveStore {
  const state = shallowRef(initial(around.now()))
  const clock = shallowRef<number | null>(null)
  let beat = -1
  let told = around.now() - TELL_EVERY + FIRST_AFTER
  const stop = runLive(
    around,
    (next) => { state.value = next },
    (now, say) => {
      const hub = hubNow(state.value, now)
      clock.value = hub === null ? null : Math.floor(hub / 1_000) * 1_000
      // A screen's launcher starts the browser again when this no longer rises (deploy/screen).
      const second = Math.floor(now / 1_000)
      if (second !== beat) document.documentElement.dataset['beat'] = String(beat = second)
      if (now - told >= TELL_EVERY && state.value.phase === 'live') {
        told = now
        say(wellbeing())
      }
    },
  )
  onScopeDispose(stop)

  const phase = computed(() => state.value.phase)
  // Scripts and tests read the connection here, whatever the page's language.
  watchEffect(() => { document.documentElement.dataset['connection'] = phase.value })
  document.documentElement.dataset['build'] = __BUILD__

  return {
    state, phase, clock,
    live: computed(() => state.value.live),
    lastWord: computed(() => state.value.lastWord),
    fresh: computed(() => phase.value === 'live'),
  }
}

export { key as liveKey }

export function useLive(): LiveStore {
  const store = inject(key)
  if (store === undefined) throw new Error('useLive needs a page that provides liveKey')
  return store
}
