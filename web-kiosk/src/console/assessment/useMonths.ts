import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Api, Trouble } from '../../api/client'
import type { PeriodAnswer } from '../../assessment/types'
import { pathOf } from './periods'

/**
 * Reads several periods, one after another: a small machine computes what is not
 * published yet. A month that has been read is kept as long as the section is open.
 */
export function useMonths(api: Api, wanted: () => readonly string[]): { answers: ShallowRef<ReadonlyMap<string, PeriodAnswer>>; loading: Ref<boolean>; trouble: ShallowRef<Trouble | null>; again(): void } {
  const answers = shallowRef<ReadonlyMap<string, PeriodAnswer>>(new Map())
  const loading = ref(false)
  const trouble = shallowRef<Trouble | null>(null)
  let turn = 0
  async function read(): Promise<void> {
    const own = ++turn
    loading.value = true
    trouble.value = null
    for (const period of wanted()) {
      if (answers.value.has(period)) continue
      const result = await api.read<PeriodAnswer>(pathOf(period))
      if (own !== turn) return
      if (result.ok) answers.value = new Map([...answers.value, [period, result.data]])
      else if (result.trouble.status !== 404) trouble.value = result.trouble // a month before the hall began is none
    }
    loading.value = false
  }
  watch(() => wanted().join(' '), () => void read(), { immediate: true })
  onScopeDispose(() => { turn++ })
  return { answers, loading, trouble, again: () => void read() }
}
