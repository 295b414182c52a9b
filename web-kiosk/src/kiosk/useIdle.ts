import { onScopeDispose, ref, type Ref } from 'vue'

/** Without a touch for so long, the page asks; without an answer for WARNING, it begins anew. Milliseconds. */
export const IDLE = 60_000
export const WARNING = 20_000

/** Counts the time since the last touch, by a clock that never goes back: the next person must not see the last one's data. `rests` is true where nothing has to be forgotten; `after` is when it asks. */
export function useIdle(rests: () => boolean, over: () => void, after = IDLE): { left: Ref<number | null>; stay: () => void } {
  const left = ref<number | null>(null)
  let touched = performance.now()
  const stay = () => {
    touched = performance.now()
    left.value = null
  }
  const timer = setInterval(() => {
    if (rests()) return stay()
    const idle = performance.now() - touched
    if (idle >= after + WARNING) {
      stay()
      over()
    } else if (idle >= after) left.value = Math.ceil((after + WARNING - idle) / 1_000)
  }, 250)
  // A touch on the warning itself is a touch.
  for (const event of ['pointerdown', 'keydown'] as const) addEventListener(event, stay, true)
  onScopeDispose(() => {
    clearInterval(timer)
    for (const event of ['pointerdown', 'keydown'] as const) removeEventListener(event, stay, true)
  })
  return { left, stay }
}
