import { onScopeDispose, ref, watch, type Ref } from 'vue'

/** How long one page of tiles stands, in milliseconds: time to find one's window among six. */
const STAND = 10_000

/** Turns pages in order, for ever; boards turn pages, they don't scroll (UX rule 7). */
export function usePages(count: Ref<number>): Ref<number> {
  const page = ref(0)
  const timer = setInterval(() => {
    page.value = (page.value + 1) % Math.max(1, count.value)
  }, STAND)
  onScopeDispose(() => clearInterval(timer))
  watch(count, (n) => {
    if (page.value >= n) page.value = 0
  })
  return page
}
