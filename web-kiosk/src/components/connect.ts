import { computed, provide, watchEffect, type ComputedRef } from 'vue'
import { useI18n, type Key } from '../i18n'
import { createLive, liveKey, type LiveStore } from '../live/useLive'

/** What every live page's root does: opens the one socket, provides it, and names the page after its hall. */
export function usePage(title: Key & `page.${'lobby' | 'board' | 'console' | 'kiosk' | 'window' | 'rate'}`): LiveStore & { zone: ComputedRef<string> } {
  const { t } = useI18n()
  const store = createLive()
  provide(liveKey, store)
  watchEffect(() => {
    const hall = store.live.value?.hall.name
    document.title = t('page.title', { page: t(title), hall: hall || 'Hallkeeper' })
  })
  return { ...store, zone: computed(() => store.live.value?.hall.time_zone ?? '') }
}
