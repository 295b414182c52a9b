import { onScopeDispose, reactive } from 'vue'

/** The page's size in CSS pixels, as it changes. */
export function useScreen(): { readonly width: number; readonly height: number } {
  const size = reactive({ width: innerWidth, height: innerHeight })
  const measure = () => {
    size.width = innerWidth
    size.height = innerHeight
  }
  addEventListener('resize', measure)
  onScopeDispose(() => removeEventListener('resize', measure))
  return size
}
