import { onScopeDispose, ref, watch, type ComputedRef, type Ref } from 'vue'
import { formatTime } from '../i18n/format'
import type { Live } from '../wire.gen'
import { Announcer, type Announcement } from './announcer'
import { volumeAt } from './playlist'
import { createPlayer } from './player'

declare global {
  interface Window {
    /** What was said, for tests and for a technician at the screen's console. */
    hallVoice?: Announcer
  }
}

export interface Voice {
  /** What sounds now, or null. */
  readonly speaking: Ref<Announcement | null>
  /** True where the browser lets nothing sound before a touch. */
  readonly blocked: Ref<boolean>
  readonly unblock: () => void
}

/** Lets a page speak: `live` is what it shows, `clock` the hub's time. */
export function useVoice(live: ComputedRef<Live | null>, clock: Readonly<Ref<number | null>>, zone: ComputedRef<string>): Voice {
  const speaking = ref<Announcement | null>(null)
  const player = createPlayer()
  const blocked = ref(player.blocked())
  const setting = new URLSearchParams(location.search).get('volume')
  const volume = () => volumeAt(setting, clock.value === null ? '' : formatTime(clock.value, zone.value).slice(0, 5))
  const announcer = new Announcer({
    now: () => clock.value ?? Date.now(),
    play: (names) => player.play(names, volume()),
    blocked: player.blocked,
    changed: () => { speaking.value = announcer.speaking },
  })
  window.hallVoice = announcer
  player.onChange(() => {
    blocked.value = player.blocked()
    announcer.resumed()
  })
  watch(live, (now) => { if (now) announcer.hear(now) }, { immediate: true })
  const unblock = () => void player.resume()
  // Any touch or key will do where a browser asks for one.
  for (const event of ['pointerdown', 'keydown'] as const) addEventListener(event, unblock)
  onScopeDispose(() => { for (const event of ['pointerdown', 'keydown'] as const) removeEventListener(event, unblock) })
  return { speaking, blocked, unblock }
}
