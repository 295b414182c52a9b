import { computed, ref, shallowRef, watch } from 'vue'
import { useI18n } from '../../i18n'
import { useLive } from '../../live/useLive'
import type { DeadLetterPage, Trouble } from '../../api/client'
import { useConsole } from '../context'

/**
 * The dead letters, fetched by page: they are many and rarely looked at, so the
 * live view only counts them. A changed count, or a hub that is back, fetches again.
 */
export function useLetters() {
  const { api } = useConsole()
  const { live, fresh } = useLive()
  const { locale } = useI18n()
  const page = shallowRef<DeadLetterPage | null>(null)
  const trouble = shallowRef<Trouble | null>(null)
  const loading = ref(false)
  /** Where the pages before this one began, the newest first. */
  const trail = ref<(number | null)[]>([null])
  let asked = 0

  async function fetchPage(): Promise<void> {
    const mine = ++asked
    loading.value = true
    const result = await api.deadLetters(trail.value.at(-1) ?? null)
    // A later question's answer must not be overwritten by an earlier one's.
    if (mine !== asked) return
    loading.value = false
    if (result.ok) {
      page.value = { ...result.data, dead_letters: result.data.dead_letters ?? [] }
      trouble.value = null
    } else {
      trouble.value = result.trouble
    }
  }
  watch([() => live.value?.dead_letters, fresh, locale], ([, isFresh]) => {
    if (isFresh || page.value === null) void fetchPage()
  }, { immediate: true })

  const last = computed(() => page.value?.dead_letters.at(-1)?.number ?? null)
  return {
    page, trouble, loading, fetchPage,
    hasOlder: computed(() => last.value !== null && last.value > 1 && (page.value?.dead_letters.length ?? 0) >= 50),
    hasNewer: computed(() => trail.value.length > 1),
    older() {
      trail.value = [...trail.value, last.value]
      void fetchPage()
    },
    newer() {
      trail.value = trail.value.slice(0, -1)
      void fetchPage()
    },
  }
}
