import { inject, provide, ref, shallowRef, watch, type InjectionKey, type Ref, type ShallowRef } from 'vue'
import { ElMessage } from 'element-plus/es/components/message/index'
import { useI18n } from '../i18n'
import type { LiveStore } from '../live/useLive'
import { createApi, type Api, type Result, type Trouble } from '../api/client'
import type { Session } from './types'

/** What the console's views share beside the live state. */
export interface Console {
  readonly api: Api
  /** Who is signed in; null until the hub has said so. */
  readonly session: Readonly<ShallowRef<Session | null>>
  /** Whether whoever is signed in may do something; see hub/access. */
  may(permission: string): boolean
  /** Why there is nothing to show: set while the live socket never gave a snapshot. */
  readonly trouble: Readonly<ShallowRef<Trouble | null>>
  /** Asks again why. */
  probe(): Promise<void>
}

const key: InjectionKey<Console> = Symbol('console')

/**
 * A websocket that is refused doesn't tell why. Where no snapshot ever came, one
 * plain request does: not signed in, not permitted, or not reached.
 */
export function provideConsole(store: LiveStore): Console {
  const { locale } = useI18n()
  const api = createApi(() => locale.value)
  const trouble = shallowRef<Trouble | null>(null)
  async function probe(): Promise<void> {
    const result = await api.live()
    trouble.value = result.ok ? null : result.trouble
  }
  watch([store.phase, () => store.state.value.attempts, locale], () => {
    if (store.live.value !== null) trouble.value = null
    else if (store.phase.value === 'disconnected') void probe()
  })
  const session = shallowRef<Session | null>(null)
  void api.read<Session>('session').then((result) => {
    if (!result.ok) return
    if (result.data.role === 'public' || result.data.temporary) location.assign(`/login?next=${encodeURIComponent(`/console${location.hash}`)}`)
    else session.value = result.data
  })
  const may = (permission: string) => session.value?.permissions.includes(permission) ?? false
  const shared = { api, session, may, trouble, probe }
  provide(key, shared)
  return shared
}

export function useConsole(): Console {
  const shared = inject(key)
  if (shared === undefined) throw new Error('useConsole needs the console page')
  return shared
}

/** Runs one change at a time and says how it ended. */
export function useAction(): {
  busy: Readonly<Ref<boolean>>
  trouble: ShallowRef<Trouble | null>
  run(change: () => Promise<Result<unknown>>, done: string): Promise<boolean>
} {
  const busy = ref(false)
  const trouble = shallowRef<Trouble | null>(null)
  return {
    busy, trouble,
    async run(change, done) {
      if (busy.value) return false
      busy.value = true
      trouble.value = null
      const result = await change()
      busy.value = false
      if (result.ok) {
        ElMessage.closeAll() // one word at a time: ten quick changes leave no pile over the page
        ElMessage({ type: 'success', message: done, duration: 4_000 })
        return true
      }
      trouble.value = result.trouble
      return false
    },
  }
}
