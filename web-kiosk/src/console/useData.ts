import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Api, Trouble } from '../api/client'

/** Something that a section asks the API for. */
export interface Source {
  readonly data: ShallowRef<unknown>
  readonly trouble: ShallowRef<Trouble | null>
  reload(): Promise<void>
}

export interface Data<T> extends Source {
  readonly data: ShallowRef<T | null>
  readonly loading: Ref<boolean>
}

/** Reads a part of the API, anew when its path changes; nothing while that is empty. What came before stays until the answer is there. */
export function useData<T>(api: Api, path: () => string): Data<T> {
  const data = shallowRef<T | null>(null)
  const trouble = shallowRef<Trouble | null>(null)
  const loading = ref(true)
  let asked = 0
  async function reload(): Promise<void> {
    if (path() === '') return
    const turn = ++asked
    loading.value = true
    const result = await api.read<T>(path())
    if (turn !== asked) return // a later question has been asked meanwhile
    loading.value = false
    if (result.ok) {
      data.value = result.data
      trouble.value = null
    } else {
      trouble.value = result.trouble
    }
  }
  watch(path, () => { data.value = null; void reload() })
  void reload()
  onScopeDispose(() => { asked++ })
  return { data, trouble, loading, reload }
}

/** Calls again when something has changed, at most every so many milliseconds. */
export function onChange(source: () => unknown, call: () => void, every = 2_000): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(source, () => {
    timer ??= setTimeout(() => {
      timer = undefined
      call()
    }, every)
  })
  onScopeDispose(() => clearTimeout(timer))
}
