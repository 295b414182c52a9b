import { onScopeDispose, ref, watch, type Ref } from 'vue'

/** How long one page stands, in milliseconds: time to find one's window among twenty. */
export const STAND = 20_000

/**
 * Turns pages in order, for ever, and by hand. A page keeps its place by its
 * key when what is shown changes; `rests` holds it.
 */
export function useTurning(keys: Ref<readonly string[]>, rests: Ref<boolean>): { page: Ref<number>; turn: (by: number) => void } {
  const page = ref(0)
  let since = performance.now()
  const turn = (by: number) => {
    const count = Math.max(1, keys.value.length)
    page.value = (((page.value + by) % count) + count) % count
    since = performance.now()
  }
  const timer = setInterval(() => {
    if (rests.value) since = performance.now()
    else if (performance.now() - since >= STAND) turn(1)
  }, 250)
  onScopeDispose(() => clearInterval(timer))
  watch(keys, (now, before) => {
    const at = now.indexOf(before[page.value] ?? '')
    if (at >= 0) page.value = at
    else if (page.value >= now.length) page.value = 0
  })
  return { page, turn }
}
