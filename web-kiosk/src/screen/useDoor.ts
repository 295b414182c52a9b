import { onScopeDispose, shallowRef } from 'vue'
import { createApi } from '../api/client'
import type { Locale } from '../i18n'
import { createDoor, type Door, type Standing } from './door'
import { browserKeep } from './keep'

/** Why a browser can be no enrolled screen. */
export type Unfit = 'insecure' | 'storage'

/** Binds a screen's door to a page. */
export function useDoor(locale: () => Locale, need: boolean) {
  const standing = shallowRef<Standing>({ at: 'checking' })
  const unfit = shallowRef<Unfit | null>(null)
  let door: Door | null = null
  if (!isSecureContext || !('subtle' in crypto)) {
    if (need) unfit.value = 'insecure'
    else standing.value = { at: 'stranger' }
  } else {
    door = createDoor({
      api: createApi(locale), keep: browserKeep(), page: location.pathname, now: () => performance.now(),
      wait: (ms) => new Promise((resolve) => { setTimeout(resolve, ms) }), tell: (now) => { standing.value = now },
    }, need)
    door.run().catch(() => { if (need) unfit.value = 'storage'; else standing.value = { at: 'stranger' } })
  }
  onScopeDispose(() => door?.stop())

  /** Fetches as the screen: where its session is over, it proves itself and asks once more. */
  const send: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 401 || door === null || !(await door.again())) return response
    return fetch(input, init)
  }
  return { standing, unfit, send, forget: () => { void door?.forget() } }
}
