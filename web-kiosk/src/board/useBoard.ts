import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { Api, Trouble } from '../api/client'
import type { BoardAnswer } from '../assessment/types'
import { instant } from '../live/message'
import type { Phase } from '../live/machine'

/** How often the results are read anew, and from when on they are said to be old; milliseconds. */
export const EVERY = 60_000
export const OLD = 150_000

/**
 * What was published. It is read every minute, when the hub is heard again, and
 * when its day changes. What came stays until there is other; its age is known.
 */
export function useBoard(api: Api, phase: Ref<Phase>, day: Ref<string | undefined>): {
  board: ShallowRef<BoardAnswer | null>; readAt: Ref<number | null>; old: ComputedRef<boolean>; trouble: ShallowRef<Trouble | null>
} {
  const board = shallowRef<BoardAnswer | null>(null)
  const trouble = shallowRef<Trouble | null>(null)
  /** The hub's clock when it answered, milliseconds since 1970. */
  const readAt = ref<number | null>(null)
  const heard = ref(0)
  const now = ref(performance.now())
  let shown = ''
  let asking = false
  let again = false
  let gone = false

  async function read(): Promise<void> {
    if (asking) {
      again = true
      return
    }
    asking = true
    const answer = await api.read<BoardAnswer>('board')
    asking = false
    if (gone) return
    if (again) {
      again = false
      void read()
    }
    if (!answer.ok) {
      trouble.value = answer.trouble
      return
    }
    trouble.value = null
    heard.value = now.value = performance.now()
    readAt.value = instant(answer.data.at)
    // What is the same is not drawn again: a table of twenty rows a minute, for months.
    const text = JSON.stringify({ ...answer.data, at: '' })
    if (text === shown) return
    shown = text
    board.value = answer.data
  }

  let last = performance.now()
  const timer = setInterval(() => {
    now.value = performance.now()
    // Before the first answer it asks more often.
    if (now.value - last < (board.value === null ? 5_000 : EVERY)) return
    last = now.value
    void read()
  }, 1_000)
  onScopeDispose(() => {
    gone = true
    clearInterval(timer)
  })
  watch([phase, day], ([to]) => { if (to === 'live') void read() })
  void read()
  return { board, readAt, trouble, old: computed(() => board.value !== null && now.value - heard.value > OLD) }
}
