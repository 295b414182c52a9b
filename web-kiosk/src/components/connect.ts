import { computed, provide, watchEffect, type ComputedRef } from 'vue'
import { useI18n, type Key } from '../i18n'
import { createLive, liveKey, type LiveStore } from '../live/useLive'

/** What every live page's root does: opens the one socket, provides it, and names the page after its hall, as the page's language calls it. */
export function usePage(title: Key & `page.${'lobby' | 'board' | 'console' | 'kiosk' | 'window' | 'rate'}`): LiveStore & { zone: ComputedRef<string>; hallName: ComputedRef<string> } {
  const { t, locale } = useI18n()
  const store = createLive()
  provide(liveKey, store)
  const hallName = computed(() => {
    const hall = store.live.value?.hall
    return (locale.value === 'en' ? hall?.name_en : '') || hall?.name || ''
  })
  watchEffect(() => { document.title = t('page.title', { page: t(title), hall: hallName.value || 'Hallkeeper' }) })
  return { ...store, hallName, zone: computed(() => store.live.value?.hall.time_zone ?? '') }
}
